//! How descriptors lie on disk: `format version · kind · fields in order`. Integers are varints, texts and lists
//! have their length before them. A decoder rejects versions and tags that it does not know (XX001).

use datum::error::sqlstate;
use datum::{ColumnType, Datum, Error, Result, Type};
use sql::catalog::*;

use super::descriptor::{Descriptor, RoleDescriptor, SettingsDescriptor};

const VERSION: u8 = 1;

/// The bytes of a descriptor.
pub fn encode(descriptor: &Descriptor) -> Result<Vec<u8>> {
    let mut w = Writer { out: vec![VERSION] };
    match descriptor {
        Descriptor::Database(d) => {
            w.byte(1);
            w.id(d.id);
            w.text(&d.name);
            w.text(&d.owner);
        }
        Descriptor::Schema(d) => {
            w.byte(2);
            w.id(d.id);
            w.id(d.database);
            w.text(&d.name);
            w.text(&d.owner);
        }
        Descriptor::Table(d) => {
            w.byte(3);
            w.table(d)?;
        }
        Descriptor::Sequence(d) => {
            w.byte(4);
            w.id(d.id);
            w.id(d.database);
            w.id(d.schema);
            w.text(&d.name);
            w.text(&d.owner);
            w.uint(u64::from(d.ty.oid()));
            for value in [d.start, d.increment, d.min, d.max, d.cache] {
                w.int(value);
            }
            w.flag(d.cycle);
            w.option(d.owned_by.as_ref(), |w, (table, column)| {
                w.id(*table);
                w.uint(u64::from(*column));
            });
        }
        Descriptor::Role(d) => {
            w.byte(5);
            w.role(d);
        }
        Descriptor::Comment(id, text) => {
            w.byte(6);
            w.id(*id);
            w.text(text);
        }
        Descriptor::Settings(d) => {
            w.byte(7);
            w.id(d.id);
            w.option(d.database.as_ref(), |w, id| w.id(*id));
            w.option(d.role.as_ref(), |w, id| w.id(*id));
            w.pairs(&d.values);
        }
    }
    Ok(w.out)
}

/// The descriptor of these bytes.
pub fn decode(bytes: &[u8]) -> Result<Descriptor> {
    let mut r = Reader { rest: bytes };
    match r.byte()? {
        VERSION => {}
        other => return Err(corrupt(format!("descriptor has unknown format version {other}"))),
    }
    let descriptor = match r.byte()? {
        1 => {
            Descriptor::Database(DatabaseDescriptor { id: r.id()?, name: r.text()?, owner: r.text()? }.into())
        }
        2 => Descriptor::Schema(
            SchemaDescriptor { id: r.id()?, database: r.id()?, name: r.text()?, owner: r.text()? }.into(),
        ),
        3 => Descriptor::Table(r.table()?.into()),
        4 => Descriptor::Sequence(r.sequence()?.into()),
        5 => Descriptor::Role(r.role()?.into()),
        6 => Descriptor::Comment(r.id()?, r.text()?),
        7 => Descriptor::Settings(
            SettingsDescriptor {
                id: r.id()?,
                database: r.option(|r| r.id())?,
                role: r.option(|r| r.id())?,
                values: r.pairs()?,
            }
            .into(),
        ),
        other => return Err(corrupt(format!("descriptor has unknown kind {other}"))),
    };
    r.end("descriptor")?;
    Ok(descriptor)
}

/// The bytes of a table's statistics.
pub fn encode_statistics(statistics: &TableStatistics) -> Vec<u8> {
    let mut w = Writer { out: vec![VERSION] };
    w.float(statistics.rows);
    w.list(&statistics.columns, |w, (id, distinct, nulls)| {
        w.uint(u64::from(*id));
        w.float(*distinct);
        w.float(*nulls);
    });
    w.out
}

/// The inverse of [`encode_statistics`].
pub fn decode_statistics(bytes: &[u8]) -> Result<TableStatistics> {
    let mut r = Reader { rest: bytes };
    match r.byte()? {
        VERSION => {}
        other => return Err(corrupt(format!("statistics have unknown format version {other}"))),
    }
    let statistics =
        TableStatistics { rows: r.float()?, columns: r.list(|r| Ok((r.small()?, r.float()?, r.float()?)))? };
    r.end("statistics")?;
    Ok(statistics)
}

/// The bytes of a change: which descriptors.
pub fn encode_change(ids: &[DescriptorId]) -> Vec<u8> {
    let mut w = Writer { out: vec![VERSION] };
    w.list(ids, |w, id| w.id(*id));
    w.out
}

/// The inverse of [`encode_change`].
pub fn decode_change(bytes: &[u8]) -> Result<Vec<DescriptorId>> {
    let mut r = Reader { rest: bytes };
    match r.byte()? {
        VERSION => {}
        other => return Err(corrupt(format!("catalog change has unknown format version {other}"))),
    }
    let ids = r.list(|r| r.id())?;
    r.end("catalog change")?;
    Ok(ids)
}

fn corrupt(what: impl Into<String>) -> Error {
    Error::new(sqlstate::DATA_CORRUPTED, what)
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    fn uint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    fn int(&mut self, value: i64) {
        self.uint(((value << 1) ^ (value >> 63)) as u64);
    }

    fn float(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_bits().to_be_bytes());
    }

    fn id(&mut self, id: DescriptorId) {
        self.uint(u64::from(id.0));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.uint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Writer, &T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        self.uint(items.len() as u64);
        items.iter().for_each(|item| write(self, item));
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        self.list(pairs, |w, (k, v)| {
            w.text(k);
            w.text(v);
        });
    }

    fn column_type(&mut self, ty: ColumnType) {
        self.uint(u64::from(ty.ty.oid()));
        self.int(i64::from(ty.typmod));
    }

    fn datum(&mut self, datum: &Datum, ty: Type) -> Result<()> {
        self.flag(!datum.is_null());
        if !datum.is_null() {
            let mut bytes = Vec::new();
            datum::binary::to_binary(datum, ty, &mut bytes)?;
            self.bytes(&bytes);
        }
        Ok(())
    }

    fn table(&mut self, d: &TableDescriptor) -> Result<()> {
        self.id(d.id);
        self.uint(d.version);
        self.id(d.database);
        self.id(d.schema);
        self.text(&d.name);
        self.text(&d.owner);
        match &d.kind {
            RelationKind::Table => self.byte(0),
            RelationKind::Virtual => self.byte(1),
            RelationKind::View { query, search_path } => {
                self.byte(2);
                self.text(query);
                self.list(search_path, |w, s| w.text(s));
            }
        }
        self.uint(d.columns.len() as u64);
        for column in &d.columns {
            self.column(column)?;
        }
        self.uint(u64::from(d.next_column_id));
        self.list(&d.indexes, |w, index| w.index(index));
        self.uint(u64::from(d.next_index_id));
        self.list(&d.checks, |w, check| {
            w.id(check.oid);
            w.text(&check.name);
            w.text(&check.expr);
        });
        self.list(&d.foreign_keys, |w, key| w.foreign_key(key));
        self.list(&d.referenced_by, |w, id| w.id(*id));
        self.uint(u64::from(d.storage_id));
        self.list(&d.comments, |w, (id, text)| {
            w.uint(u64::from(*id));
            w.text(text);
        });
        self.pairs(&d.options);
        Ok(())
    }

    fn column(&mut self, c: &ColumnDescriptor) -> Result<()> {
        self.uint(u64::from(c.id));
        self.text(&c.name);
        self.column_type(c.ty);
        self.flag(c.nullable);
        self.option(c.default.as_ref(), |w, text| w.text(text));
        match &c.generated {
            Generated::No => self.byte(0),
            Generated::Identity { always, sequence } => {
                self.byte(1);
                self.flag(*always);
                self.id(*sequence);
            }
            Generated::Stored { expr } => {
                self.byte(2);
                self.text(expr);
            }
        }
        self.datum(&c.missing, c.ty.ty)?;
        self.flag(c.hidden);
        self.option(c.owned_sequence.as_ref(), |w, id| w.id(*id));
        Ok(())
    }

    fn index(&mut self, i: &IndexDescriptor) {
        self.uint(u64::from(i.id));
        self.id(i.oid);
        self.text(&i.name);
        self.flag(i.unique);
        self.list(&i.keys, |w, key| {
            match &key.what {
                IndexKeyKind::Column(id) => {
                    w.byte(0);
                    w.uint(u64::from(*id));
                }
                IndexKeyKind::Expression(text, ty) => {
                    w.byte(1);
                    w.text(text);
                    w.column_type(*ty);
                }
            }
            w.flag(key.desc);
            w.flag(key.nulls_first);
        });
        self.list(&i.include, |w, id| w.uint(u64::from(*id)));
        self.option(i.predicate.as_ref(), |w, text| w.text(text));
        self.flag(i.primary);
        self.flag(i.constraint);
        self.byte(match i.state {
            IndexState::DeleteOnly => 0,
            IndexState::WriteOnly => 1,
            IndexState::Public => 2,
        });
    }

    fn foreign_key(&mut self, f: &ForeignKeyDescriptor) {
        let action = |action| match action {
            ReferentialAction::NoAction => 0,
            ReferentialAction::Restrict => 1,
            ReferentialAction::Cascade => 2,
            ReferentialAction::SetNull => 3,
            ReferentialAction::SetDefault => 4,
        };
        self.id(f.oid);
        self.text(&f.name);
        self.list(&f.columns, |w, id| w.uint(u64::from(*id)));
        self.id(f.target);
        self.list(&f.target_columns, |w, id| w.uint(u64::from(*id)));
        self.byte(action(f.on_delete));
        self.byte(action(f.on_update));
        self.flag(f.match_full);
        self.flag(f.deferrable);
        self.flag(f.initially_deferred);
    }

    fn role(&mut self, r: &RoleDescriptor) {
        self.id(r.id);
        self.text(&r.name);
        for flag in [r.superuser, r.create_db, r.create_role, r.inherit, r.login, r.replication, r.bypass_rls]
        {
            self.flag(flag);
        }
        self.int(i64::from(r.connection_limit));
        self.option(r.password.as_ref(), |w, text| w.text(text));
        self.option(r.valid_until.as_ref(), |w, text| w.text(text));
        self.list(&r.member_of, |w, id| w.id(*id));
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Nothing may be left.
    fn end(&self, what: &str) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(corrupt(format!("{what} has bytes left over"))) }
    }

    fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| corrupt("descriptor is too short"))?;
        self.rest = rest;
        Ok(*first)
    }

    fn flag(&mut self) -> Result<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(corrupt(format!("descriptor has {other} for a flag"))),
        }
    }

    fn uint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(corrupt("descriptor has an endless number"))
    }

    fn small(&mut self) -> Result<u32> {
        u32::try_from(self.uint()?).map_err(|_| corrupt("descriptor has a number out of range"))
    }

    fn int(&mut self) -> Result<i64> {
        let value = self.uint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn float(&mut self) -> Result<f64> {
        let (bytes, rest) =
            self.rest.split_first_chunk::<8>().ok_or_else(|| corrupt("descriptor is too short"))?;
        self.rest = rest;
        Ok(f64::from_bits(u64::from_be_bytes(*bytes)))
    }

    fn id(&mut self) -> Result<DescriptorId> {
        self.small().map(DescriptorId)
    }

    fn bytes(&mut self) -> Result<&[u8]> {
        let len =
            usize::try_from(self.uint()?).map_err(|_| corrupt("descriptor has a length out of range"))?;
        let (bytes, rest) =
            self.rest.split_at_checked(len).ok_or_else(|| corrupt("descriptor is too short"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String> {
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| corrupt("descriptor has text that is not UTF-8"))
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let len = self.uint()?;
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(read(self)?);
        }
        Ok(items)
    }

    fn pairs(&mut self) -> Result<Vec<(String, String)>> {
        self.list(|r| Ok((r.text()?, r.text()?)))
    }

    fn ty(&mut self) -> Result<Type> {
        let oid = self.small()?;
        Type::from_oid(oid).ok_or_else(|| corrupt(format!("descriptor has unknown type {oid}")))
    }

    fn column_type(&mut self) -> Result<ColumnType> {
        let ty = self.ty()?;
        let typmod =
            i32::try_from(self.int()?).map_err(|_| corrupt("descriptor has a modifier out of range"))?;
        Ok(ColumnType { ty, typmod })
    }

    fn datum(&mut self, ty: Type) -> Result<Datum> {
        if self.flag()? { datum::binary::from_binary(self.bytes()?, ty) } else { Ok(Datum::Null) }
    }

    fn table(&mut self) -> Result<TableDescriptor> {
        Ok(TableDescriptor {
            id: self.id()?,
            version: self.uint()?,
            database: self.id()?,
            schema: self.id()?,
            name: self.text()?,
            owner: self.text()?,
            kind: match self.byte()? {
                0 => RelationKind::Table,
                1 => RelationKind::Virtual,
                2 => RelationKind::View { query: self.text()?, search_path: self.list(|r| r.text())? },
                other => return Err(corrupt(format!("descriptor has unknown relation kind {other}"))),
            },
            columns: self.list(|r| r.column())?,
            next_column_id: self.small()?,
            indexes: self.list(|r| r.index())?,
            next_index_id: self.small()?,
            checks: self.list(|r| Ok(CheckDescriptor { oid: r.id()?, name: r.text()?, expr: r.text()? }))?,
            foreign_keys: self.list(|r| r.foreign_key())?,
            referenced_by: self.list(|r| r.id())?,
            storage_id: self.small()?,
            comments: self.list(|r| Ok((r.small()?, r.text()?)))?,
            options: self.pairs()?,
        })
    }

    fn column(&mut self) -> Result<ColumnDescriptor> {
        let (id, name, ty) = (self.small()?, self.text()?, self.column_type()?);
        Ok(ColumnDescriptor {
            id,
            name,
            ty,
            nullable: self.flag()?,
            default: self.option(|r| r.text())?,
            generated: match self.byte()? {
                0 => Generated::No,
                1 => Generated::Identity { always: self.flag()?, sequence: self.id()? },
                2 => Generated::Stored { expr: self.text()? },
                other => return Err(corrupt(format!("descriptor has unknown generation {other}"))),
            },
            missing: self.datum(ty.ty)?,
            hidden: self.flag()?,
            owned_sequence: self.option(|r| r.id())?,
        })
    }

    fn index(&mut self) -> Result<IndexDescriptor> {
        Ok(IndexDescriptor {
            id: self.small()?,
            oid: self.id()?,
            name: self.text()?,
            unique: self.flag()?,
            keys: self.list(|r| {
                Ok(IndexKey {
                    what: match r.byte()? {
                        0 => IndexKeyKind::Column(r.small()?),
                        1 => IndexKeyKind::Expression(r.text()?, r.column_type()?),
                        other => return Err(corrupt(format!("descriptor has unknown index key {other}"))),
                    },
                    desc: r.flag()?,
                    nulls_first: r.flag()?,
                })
            })?,
            include: self.list(|r| r.small())?,
            predicate: self.option(|r| r.text())?,
            primary: self.flag()?,
            constraint: self.flag()?,
            state: match self.byte()? {
                0 => IndexState::DeleteOnly,
                1 => IndexState::WriteOnly,
                2 => IndexState::Public,
                other => return Err(corrupt(format!("descriptor has unknown index state {other}"))),
            },
        })
    }

    fn action(&mut self) -> Result<ReferentialAction> {
        Ok(match self.byte()? {
            0 => ReferentialAction::NoAction,
            1 => ReferentialAction::Restrict,
            2 => ReferentialAction::Cascade,
            3 => ReferentialAction::SetNull,
            4 => ReferentialAction::SetDefault,
            other => return Err(corrupt(format!("descriptor has unknown action {other}"))),
        })
    }

    fn foreign_key(&mut self) -> Result<ForeignKeyDescriptor> {
        Ok(ForeignKeyDescriptor {
            oid: self.id()?,
            name: self.text()?,
            columns: self.list(|r| r.small())?,
            target: self.id()?,
            target_columns: self.list(|r| r.small())?,
            on_delete: self.action()?,
            on_update: self.action()?,
            match_full: self.flag()?,
            deferrable: self.flag()?,
            initially_deferred: self.flag()?,
        })
    }

    fn sequence(&mut self) -> Result<SequenceDescriptor> {
        let (id, database, schema) = (self.id()?, self.id()?, self.id()?);
        let (name, owner, ty) = (self.text()?, self.text()?, self.ty()?);
        let (start, increment, min, max, cache) =
            (self.int()?, self.int()?, self.int()?, self.int()?, self.int()?);
        Ok(SequenceDescriptor {
            id,
            database,
            schema,
            name,
            owner,
            ty,
            start,
            increment,
            min,
            max,
            cycle: self.flag()?,
            cache,
            owned_by: self.option(|r| Ok((r.id()?, r.small()?)))?,
        })
    }

    fn role(&mut self) -> Result<RoleDescriptor> {
        Ok(RoleDescriptor {
            id: self.id()?,
            name: self.text()?,
            superuser: self.flag()?,
            create_db: self.flag()?,
            create_role: self.flag()?,
            inherit: self.flag()?,
            login: self.flag()?,
            replication: self.flag()?,
            bypass_rls: self.flag()?,
            connection_limit: i32::try_from(self.int()?)
                .map_err(|_| corrupt("descriptor has a number out of range"))?,
            password: self.option(|r| r.text())?,
            valid_until: self.option(|r| r.text())?,
            member_of: self.list(|r| r.id())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableDescriptor {
        TableDescriptor {
            id: DescriptorId(16384),
            version: 1 << 60,
            database: DescriptorId(5),
            schema: DescriptorId(2200),
            name: "t".into(),
            owner: "root".into(),
            kind: RelationKind::Table,
            columns: vec![ColumnDescriptor {
                id: 1,
                name: "a".into(),
                ty: ColumnType::with_length(Type::Varchar, 20),
                nullable: false,
                default: Some("'x'".into()),
                generated: Generated::Identity { always: true, sequence: DescriptorId(7) },
                missing: Datum::text("é"),
                hidden: false,
                owned_sequence: Some(DescriptorId(7)),
            }],
            next_column_id: 2,
            indexes: vec![IndexDescriptor {
                id: 1,
                oid: DescriptorId(16385),
                name: "t_pkey".into(),
                unique: true,
                keys: vec![IndexKey {
                    what: IndexKeyKind::Expression("lower(a)".into(), ColumnType::plain(Type::Text)),
                    desc: true,
                    nulls_first: true,
                }],
                include: vec![1],
                predicate: Some("a > 'b'".into()),
                primary: true,
                constraint: true,
                state: IndexState::WriteOnly,
            }],
            next_index_id: 2,
            checks: vec![CheckDescriptor { oid: DescriptorId(9), name: "c".into(), expr: "a <> ''".into() }],
            foreign_keys: vec![ForeignKeyDescriptor {
                oid: DescriptorId(10),
                name: "f".into(),
                columns: vec![1],
                target: DescriptorId(16384),
                target_columns: vec![1],
                on_delete: ReferentialAction::Cascade,
                on_update: ReferentialAction::SetDefault,
                match_full: true,
                deferrable: true,
                initially_deferred: true,
            }],
            referenced_by: vec![DescriptorId(16384)],
            storage_id: 16386,
            comments: vec![(0, "hello".into())],
            options: vec![("fillfactor".into(), "100".into())],
        }
    }

    #[test]
    fn a_table_comes_back_as_it_was() {
        let before = table();
        let bytes = encode(&Descriptor::Table(before.clone().into())).expect("encodes");
        let Descriptor::Table(after) = decode(&bytes).expect("decodes") else { panic!("not a table") };
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = encode(&Descriptor::Table(table().into())).expect("encodes");
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]).map_err(|e| e.code()).err(), Some("XX001"), "cut at {cut}");
        }
        let mut newer = bytes.clone();
        newer[0] = 2;
        assert_eq!(decode(&newer).map_err(|e| e.code()).err(), Some("XX001"));
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(decode(&longer).map_err(|e| e.code()).err(), Some("XX001"));
    }
}
