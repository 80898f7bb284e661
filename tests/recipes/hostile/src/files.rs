//! The world outside of `/src`.

use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};

use super::{Case, address, escaped, met};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("read-root", |_| read("/etc/passwd")),
    ("read-parent", |_| read("/src/../../etc/passwd")),
    ("read-canary", |_| read(&address("canary"))),
    ("read-environment", |_| read("/proc/self/environ")),
    ("list-root", |_| {
        let entries = fs::read_dir("/").map_err(|error| met(&error))?;
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        match names.iter().all(|name| name == "src") {
            true => Err(met(&"nothing but /src")),
            false => Err(escaped(&format!("{names:?}"))),
        }
    }),
    ("write-root", |_| {
        fs::write("/hostile-was-here", "x").map_err(|error| met(&error))?;
        Err(escaped("wrote"))
    }),
    ("write-parent", |_| {
        fs::write("/src/../hostile-was-here", "x").map_err(|error| met(&error))?;
        Err(escaped("wrote"))
    }),
    ("move-out", |_| {
        fs::rename("/src/file", "/src/../hostile-was-here").map_err(|error| met(&error))?;
        Err(escaped("moved"))
    }),
    ("hard-link-in", |_| {
        fs::hard_link("/etc/passwd", "/src/passwd").map_err(|error| met(&error))?;
        Err(escaped("linked"))
    }),
    ("remove-tree", |target| {
        fs::remove_dir_all("/src").map_err(|error| met(&error))?;
        Ok(super::good(target))
    }),
    ("environment", |_| match std::env::vars().next() {
        None => Err(met(&"no variables")),
        Some((name, _)) => Err(escaped(&name)),
    }),
    ("connect", |_| {
        let address = address("http").replace("http://", "");
        TcpStream::connect(address).map_err(|error| met(&error))?;
        Err(escaped("connected"))
    }),
    ("listen", |_| {
        TcpListener::bind("127.0.0.1:0").map_err(|error| met(&error))?;
        Err(escaped("listens"))
    }),
    ("datagram", |_| {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| met(&error))?;
        socket
            .send_to(b"x", "127.0.0.1:53")
            .map_err(|error| met(&error))?;
        Err(escaped("sent"))
    }),
    ("resolve", |_| {
        use std::net::ToSocketAddrs as _;
        "localhost:80"
            .to_socket_addrs()
            .map_err(|error| met(&error))?;
        Err(escaped("resolved"))
    }),
    ("command", |_| {
        let started = std::process::Command::new("/bin/sh")
            .arg("-c")
            .arg("id")
            .output();
        started.map_err(|error| met(&error))?;
        Err(escaped("started"))
    }),
];

fn read(path: &str) -> Result<bakehouse_sdk::Build, bakehouse_sdk::Error> {
    let bytes = fs::read(path).map_err(|error| met(&error))?;
    Err(escaped(&format!("{} bytes of {path}", bytes.len())))
}
