//! Golden tests: SQL in `testdata/`, and below it the plan (as EXPLAIN shows it, with types of the columns) or the
//! error as PostgreSQL words it. `UPDATE_GOLDENFILES=1` writes them anew.

mod support;

use std::fmt::Write as _;

use datum::Error;
use sql::Statement;
use sql::plan::Query;
use sql::statement::{Explain, ExplainFormat};
use support::TestCatalog;

struct Runner {
    catalog: TestCatalog,
}

impl goldenscript::Runner for Runner {
    type Command = goldenscript::Command;

    fn run(
        &mut self,
        command: &goldenscript::Command,
        _: &goldenscript::Context,
    ) -> Result<String, Box<dyn std::error::Error>> {
        let text = &command.name;
        Ok(match self.catalog.bind(text) {
            Ok(statement) => {
                let made = self.catalog.apply(&statement);
                if made { "ok".to_owned() } else { show(&statement) }
            }
            Err(e) => show_error(&e),
        })
    }
}

fn show(statement: &Statement) -> String {
    match statement {
        Statement::Query(query) => show_query(query),
        other => {
            let text = format!("{other:?}");
            // The head says which it is; payloads with descriptors are long.
            text.chars().take(160).collect()
        }
    }
}

fn show_query(query: &Query) -> String {
    let explain = Explain {
        analyze: false,
        verbose: false,
        costs: false,
        timing: false,
        summary: false,
        buffers: false,
        format: ExplainFormat::Text,
        statement: Statement::Nothing(""),
        kind: sql::StatementKind::Select,
    };
    let mut out = String::new();
    let columns: Vec<String> = query.root.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect();
    let _ = writeln!(out, "({})", columns.join(", "));
    if !query.params.is_empty() {
        let params: Vec<String> = query.params.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "params: {}", params.join(", "));
    }
    match sql::explain::render(query, &explain, &|_| None, None) {
        Ok(lines) => out.push_str(&lines.join("\n")),
        Err(e) => out.push_str(&show_error(&e)),
    }
    out
}

fn show_error(e: &Error) -> String {
    let fields = e.fields();
    let mut out = format!("ERROR {}: {}", fields.code, fields.message);
    if let Some(position) = fields.position {
        let _ = write!(out, " (at {position})");
    }
    if let Some(detail) = &fields.detail {
        let _ = write!(out, "\nDETAIL: {detail}");
    }
    if let Some(hint) = &fields.hint {
        let _ = write!(out, "\nHINT: {hint}");
    }
    out
}

fn run(name: &str) {
    let path = format!("tests/testdata/{name}");
    let mut runner = Runner { catalog: TestCatalog::new() };
    if let Err(e) = goldenscript::run(&mut runner, &path) {
        panic!("{path}: {e}");
    }
}

#[test]
fn queries() {
    run("queries");
}

#[test]
fn errors() {
    run("errors");
}

#[test]
fn dml() {
    run("dml");
}

#[test]
fn ddl() {
    run("ddl");
}
