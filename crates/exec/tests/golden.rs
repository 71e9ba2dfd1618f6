//! Golden sessions: each `testdata/*.sql` is fed line by line, as psql reads it, and what comes out must be the
//! `.out` beside it. The expectations are PostgreSQL 15's own (`psql -X -A -a -v VERBOSITY=verbose`, lines of
//! LOCATION left out) unless a file says at its top that it is about something that PostgreSQL does not have.
//! `UPDATE_GOLDEN=1` writes what comes out beside each file as `.new`, to be compared.

mod support;

use std::path::Path;

use support::World;

async fn transcript(sql: &str) -> String {
    let world = World::new().await;
    let mut client = world.client().await;
    let mut out = String::new();
    let mut statement = String::new();
    let mut lines = sql.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if statement.is_empty() && (line.starts_with("--") || line.trim().is_empty()) {
            continue;
        }
        statement.push_str(line);
        statement.push('\n');
        if line.trim_end().ends_with(';') {
            if statement.to_lowercase().contains("from stdin") {
                let data: String = lines
                    .by_ref()
                    .take_while(|line| *line != "\\.")
                    .map(|line| format!("{line}\n"))
                    .collect();
                out.push_str(&client.copy(&statement, data.as_bytes()).await);
            } else {
                out.push_str(&client.run(&statement).await);
            }
            statement.clear();
        }
    }
    out
}

#[tokio::test]
async fn sessions_are_as_recorded() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are golden files");
    let mut failed = Vec::new();
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap();
        let expected = std::fs::read_to_string(file.with_extension("out")).unwrap_or_default();
        let got = transcript(&sql).await;
        if got != expected {
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(file.with_extension("new"), &got).unwrap();
            }
            let line = got.lines().zip(expected.lines()).position(|(a, b)| a != b);
            let line = line.unwrap_or(got.lines().count().min(expected.lines().count()));
            failed.push(format!(
                "{}: line {}\n  got      {}\n  expected {}",
                file.display(),
                line + 1,
                got.lines().nth(line).unwrap_or("(end)"),
                expected.lines().nth(line).unwrap_or("(end)")
            ));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
