//! Names that PostgreSQL would choose for constraints, indexes and sequences that were given none.

use datum::error::sqlstate;
use datum::{Error, Result};
use sql::catalog::*;

use super::Ddl;

/// Bytes of a name.
const NAME_MAX: usize = 63;

/// `first_second_label`, the longer part cut so that the whole fits.
pub(super) fn object_name(first: &str, second: Option<&str>, label: &str) -> String {
    let overhead = if label.is_empty() { 0 } else { label.len() + 1 } + usize::from(second.is_some());
    let room = NAME_MAX.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.map_or(0, str::len));
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let mut name = first[..first.floor_char_boundary(a)].to_owned();
    if let Some(second) = second {
        name.push('_');
        name.push_str(&second[..second.floor_char_boundary(b)]);
    }
    if !label.is_empty() {
        name.push('_');
        name.push_str(label);
    }
    name
}

/// The first of `first_second_label`, `first_second_label1` … that is not taken.
pub(super) fn choose(first: &str, second: Option<&str>, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let name = object_name(first, second, label);
    if !taken(&name) {
        return name;
    }
    let mut pass = 1;
    loop {
        let name = object_name(first, second, &format!("{label}{pass}"));
        if !taken(&name) {
            return name;
        }
        pass += 1;
    }
}

/// Names of columns joined as in names of indexes over several.
pub(super) fn joined(columns: &[String]) -> Option<String> {
    if columns.is_empty() {
        return None;
    }
    let mut out = String::new();
    for column in columns {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(column);
        if out.len() >= NAME_MAX {
            break;
        }
    }
    Some(out)
}

/// Whether a table has a constraint of this name.
pub(super) fn has_constraint(table: &TableDescriptor, name: &str) -> bool {
    table.checks.iter().any(|check| check.name == name)
        || table.foreign_keys.iter().any(|key| key.name == name)
        || table.indexes.iter().any(|index| index.constraint && index.name == name)
}

impl Ddl<'_> {
    /// A name for an index or sequence in a schema: the one given, or one that is free. 42P07 if it is taken.
    pub(super) fn relation_name(
        &self,
        schema: DescriptorId,
        given: Option<&str>,
        first: &str,
        second: Option<&str>,
        label: &str,
        also: &[&str],
    ) -> Result<String> {
        let taken = |name: &str| also.contains(&name) || self.catalog().relation(schema, name).is_some();
        match given {
            Some(name) if taken(name) => {
                Err(Error::new(sqlstate::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")))
            }
            Some(name) => Ok(name.to_owned()),
            None => Ok(choose(first, second, label, taken)),
        }
    }

    /// A name for a constraint of a table: the one given, or one that is free. 42710 if it is taken.
    pub(super) fn constraint_name(
        &self,
        table: &TableDescriptor,
        given: Option<&str>,
        second: Option<&str>,
        label: &str,
    ) -> Result<String> {
        match given {
            Some(name)
                if label == "check" && table.checks.iter().any(|c| c.name == name) && table.version == 0 =>
            {
                Err(Error::new(
                    sqlstate::DUPLICATE_OBJECT,
                    format!("check constraint \"{name}\" already exists"),
                ))
            }
            Some(name) if has_constraint(table, name) => Err(Error::new(
                sqlstate::DUPLICATE_OBJECT,
                format!("constraint \"{name}\" for relation \"{}\" already exists", table.name),
            )),
            Some(name) => Ok(name.to_owned()),
            None => Ok(choose(&table.name, second, label, |name| has_constraint(table, name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_and_cut_as_postgres_makes_them() {
        assert_eq!(object_name("t", None, "pkey"), "t_pkey");
        assert_eq!(object_name("t", Some("a_b"), "key"), "t_a_b_key");
        let long = "x".repeat(80);
        let name = object_name(&long, Some("col"), "idx");
        assert_eq!((name.len(), name.ends_with("_col_idx")), (63, true));
        assert_eq!(choose("t", Some("a"), "seq", |n| n == "t_a_seq"), "t_a_seq1");
    }
}
