//! A network namespace: a machine of its own, as far as the network goes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::process::{Child, Command, Stdio};

use tokio::net::TcpStream;

/// A network with nothing but a loopback of its own, on which some ports lead to
/// the same ports of the tests' loopback. It ends with the test.
pub struct Network {
    holder: Child,
    runtime: tokio::runtime::Runtime,
}

impl Network {
    pub fn new(ports: &[u16]) -> Self {
        let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
        let busybox = format!("{home}/tools/busybox-amd64/bin/busybox");
        // Ends when our end of its standard input closes, however that happens.
        let script = "\"$0\" ip link set lo up && echo up && exec cat";
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", script])
            .arg(busybox)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare starts");
        let mut line = String::new();
        let stdout = holder.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(
            line, "up\n",
            "no network namespace\nhint: run the tests as root"
        );
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let network = Self { holder, runtime };
        for port in ports {
            network.lead(*port, *port);
        }
        network
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    /// Leads a port of its loopback to a port of the tests'. A socket stays in
    /// the network it was made in, whoever uses it.
    pub fn lead(&self, port: u16, to: u16) {
        let path = self.path();
        let listener = std::thread::spawn(move || {
            enter(&File::open(path).unwrap());
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()
        });
        let listener = listener.join().unwrap();
        listener.set_nonblocking(true).unwrap();
        self.runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((mut inside, _)) = listener.accept().await {
                tokio::spawn(async move {
                    if let Ok(mut outside) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await {
                        let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                    }
                });
            }
        });
    }

    /// A program that runs in this network.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path())).arg(program);
        command
    }
}

/// Moves this thread into a network.
#[expect(unsafe_code, reason = "a call with two integers; libc has no safe one")]
fn enter(network: &File) {
    let result = unsafe { libc::setns(network.as_raw_fd(), libc::CLONE_NEWNET) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
