//! Every list of columns is some table's, under an OID of its own.

use std::collections::BTreeSet;

use super::TABLES;

#[test]
fn tables_have_oids_and_names_of_their_own() {
    let all: Vec<_> = TABLES.iter().flat_map(|tables| tables.iter()).collect();
    let oids: BTreeSet<u32> = all.iter().map(|t| t.oid).collect();
    assert_eq!(oids.len(), all.len());
    let names: BTreeSet<_> = all.iter().map(|t| (t.schema as u8, t.name)).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|t| !t.columns.is_empty() && t.oid < 16384));
}
