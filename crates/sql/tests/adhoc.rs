mod support;
use support::TestCatalog;
#[test]
fn files() {
    let Ok(list) = std::env::var("ADHOC_FILES") else { return };
    for path in list.split(',') {
        let text = std::fs::read_to_string(path).expect("reads");
        let mut catalog = TestCatalog::new();
        let start = std::time::Duration::ZERO;
        let _ = start;
        match sql::parse(&text) {
            Err(e) => println!("{path}: PARSE {e} at {:?}", e.fields().position),
            Ok(all) => {
                let mut bad = 0;
                for p in &all {
                    match catalog.bind(p.text()) {
                        Ok(s) => {
                            catalog.apply(&s);
                        }
                        Err(e) => {
                            bad += 1;
                            if bad < 40 {
                                println!(
                                    "{e} | hint {:?} | {}",
                                    e.fields().hint,
                                    p.text().chars().take(300).collect::<String>().replace('\n', " ")
                                );
                            }
                        }
                    }
                }
                println!("{path}: {} statements, {bad} errors", all.len());
            }
        }
    }
}
