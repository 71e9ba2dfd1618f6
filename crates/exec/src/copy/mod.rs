//! COPY: rows from and to the client in PostgreSQL's text, CSV and binary formats.

pub(crate) mod from;
pub(crate) mod reader;
pub(crate) mod to;
