// A plugin that reads its stdin and writes its stdout as programs in Rust do, by its name.
use std::io::{self, copy, stdin, stdout, BufRead, Read, Write};
use std::process::{exit, Command, Stdio};

fn main() {
    let path = std::env::args().next().unwrap_or_default();
    match path.rsplit('/').next() {
        Some("text") => text(),
        Some("lines") => lines(),
        Some("copies") => copies().unwrap(),
        Some("parent") => parent(),
        Some("panics") => panics(),
        _ => exit(101),
    }
}

/// As a CNI plugin does: the whole configuration, one result, an exit status.
fn text() {
    let mut config = String::new();
    stdin().read_to_string(&mut config).unwrap();
    eprintln!("{} bytes", config.len());
    println!("{}", config.repeat(3000));
    exit(7);
}

/// Buffered in both directions, with a vector of buffers.
fn lines() {
    for line in stdin().lock().lines() {
        let line = line.unwrap();
        stdout().write_vectored(&[io::IoSlice::new(line.as_bytes()), io::IoSlice::new(b"\n")]).unwrap();
    }
}

/// The standard library lets the kernel move the bytes, with splice where both are pipes.
fn copies() -> io::Result<()> {
    stdout().write_all(b"before ")?;
    stdout().flush()?;
    copy(&mut stdin().lock(), &mut stdout().lock())?;
    stdout().write_all(b"after")
}

/// A child inherits the streams; another one's streams are pipes of its own.
fn parent() {
    let inner = Command::new("echo").arg("inner").stdin(Stdio::null()).output().unwrap();
    Command::new("sh").args(["-c", "tr a-z A-Z; echo child >&2"]).status().unwrap();
    stdout().write_all(&inner.stdout).unwrap();
}

fn panics() {
    stdin().read_to_end(&mut Vec::new()).unwrap();
    print!("not flushed before a panic");
    panic!("it failed");
}
