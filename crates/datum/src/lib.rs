//! SQL values: types, comparison, text and binary formats, order-preserving keys, row layouts, and the compiled
//! expressions and partial aggregates that a leaseholder can evaluate. Knows no catalog, no names, no I/O.

pub mod aggregate;
pub mod batch;
pub mod binary;
pub mod cast;
pub mod codec;
pub mod datetime;
pub mod deparse;
pub mod error;
pub mod eval;
pub mod expr;
pub mod fold;
pub mod format;
pub mod function;
pub mod functions;
pub mod grouping;
pub mod json;
pub mod key;
pub mod numeric;
pub mod program;
pub mod row;
pub mod settings;
pub mod text;
pub mod types;
pub mod value;
pub mod window;

pub use batch::Batch;
pub use datetime::{Interval, TimeZone};
pub use error::{Error, Result};
pub use expr::{EvalContext, Expr};
pub use json::Jsonb;
pub use numeric::Numeric;
pub use program::{Program, RowUpdate};
pub use row::RowLayout;
pub use settings::FormatSettings;
pub use types::{ColumnType, Type};
pub use value::Datum;
