//! More of everything than a recipe may have.

use std::fs::{self, File};
use std::hint::black_box;
use std::time::Duration;

use super::{Case, escaped, good, met};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("panic", |_| {
        #[expect(clippy::panic, reason = "that is the point")]
        {
            panic!("hostile panic")
        }
    }),
    ("exit", |_| std::process::exit(3)),
    ("spin", |_| {
        loop {
            black_box(());
        }
    }),
    ("sleep", |target| {
        std::thread::sleep(Duration::from_secs(3600));
        Ok(good(target))
    }),
    ("memory", |_| {
        let mut eaten: Vec<Vec<u8>> = Vec::new();
        loop {
            eaten.push(black_box(vec![1; 1 << 20]));
        }
    }),
    ("stack", |_| Err(escaped(&deeper(1).to_string()))),
    ("print-flood", |_| {
        let line = "print-flood ".repeat(100);
        for _ in 0..3000 {
            print_line(&line);
        }
        Err(met(&"the end of the flood"))
    }),
    ("open-files", |_| {
        let mut open = Vec::new();
        for _ in 0..100_000 {
            open.push(File::open("/src/file").map_err(|error| met(&error))?);
        }
        Err(escaped("files"))
    }),
    ("tree-bytes", |target| {
        let file = File::create("/src/hole").map_err(|error| met(&error))?;
        file.set_len(1 << 40).map_err(|error| met(&error))?;
        Ok(good(target))
    }),
    ("tree-files", |target| {
        for n in 0..450 {
            fs::write(format!("/src/f{n}"), "").map_err(|error| met(&error))?;
        }
        Ok(good(target))
    }),
    ("tree-depth", |target| {
        let deep = format!("/src{}", "/d".repeat(250));
        fs::create_dir_all(deep).map_err(|error| met(&error))?;
        Ok(good(target))
    }),
];

/// Goes on until the stack ends; `n` is never zero.
fn deeper(n: u64) -> u64 {
    let here = black_box([n; 64]);
    if here[0] == 0 {
        return 0;
    }
    deeper(here[7] + 1) + here[3]
}

#[expect(clippy::print_stdout, reason = "that is the point")]
fn print_line(line: &str) {
    println!("{line}");
}
