//! The proxy's listener.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, JoinSet};

use super::decide::{Random, Rule};
use super::exchange::exchange;
use super::record::{Kind, Record};
use super::state::State;

/// An HTTP proxy in front of one registry. Everything is streamed, in both
/// directions.
pub struct FaultProxy {
    listener: Arc<Listener>,
    runtime: Option<Runtime>,
}

/// The part that comes and goes.
struct Listener {
    address: SocketAddr,
    state: Arc<State>,
    serving: Mutex<Option<JoinHandle<()>>>,
    /// Bound but not listening: keeps the port while the proxy is down.
    _port: TcpSocket,
}

impl FaultProxy {
    /// Listens on a free loopback port for requests to the registry at
    /// `HOST:PORT`.
    #[must_use]
    pub fn start(registry: &str) -> Self {
        let runtime = crate::service::runtime();
        let port = bound(([127, 0, 0, 1], 0).into());
        let proxy = Self {
            listener: Arc::new(Listener {
                address: port.local_addr().unwrap(),
                state: Arc::new(State::new(registry)),
                serving: Mutex::default(),
                _port: port,
            }),
            runtime: Some(runtime),
        };
        proxy.up();
        proxy
    }

    /// `HOST:PORT` of the proxy.
    #[must_use]
    pub fn host(&self) -> String {
        self.listener.address.to_string()
    }

    /// Adds a rule, behind those that are there.
    pub fn inject(&self, rule: Rule) {
        self.listener.state.decider().rules.push(rule);
    }

    /// Requests that no rule is about get random faults from now on.
    pub fn randomly(&self, random: Random) {
        self.listener.state.decider().random = Some(random);
    }

    /// Delays every request by so much from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.listener.state.set_latency(latency);
    }

    /// All requests so far, in the order they came.
    #[must_use]
    pub fn log(&self) -> Vec<Record> {
        self.listener.state.records()
    }

    /// Empties the log.
    pub fn forget(&self) {
        self.listener.state.forget();
    }

    /// How many requests came, by method and kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(String, Kind), usize> {
        let mut counts = BTreeMap::new();
        for record in self.log() {
            *counts.entry((record.method, record.kind)).or_default() += 1;
        }
        counts
    }

    /// Refuses connections, and resets those that there are.
    pub fn down(&self) {
        let listener = Arc::clone(&self.listener);
        self.wait(async move { listener.down().await });
    }

    /// Listens, if it did not.
    pub fn up(&self) {
        let listener = Arc::clone(&self.listener);
        self.wait(async move { listener.up().await });
    }

    /// Runs something on the proxy's own threads; the caller may be in another
    /// runtime.
    fn wait(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (done, wait) = mpsc::channel();
        let runtime = self.runtime.as_ref().unwrap();
        runtime.spawn(async move {
            work.await;
            let _ = done.send(());
        });
        wait.recv().unwrap();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Listener {
    async fn up(self: Arc<Self>) {
        let mut serving = self.serving.lock().await;
        if !self.state.down.swap(false, Ordering::SeqCst) {
            return;
        }
        if let Some(ending) = serving.take() {
            let _ = ending.await;
        }
        let listener = bound(self.address).listen(1024).unwrap();
        *serving = Some(tokio::spawn(serve(Arc::clone(&self.state), listener)));
    }

    async fn down(&self) {
        let mut serving = self.serving.lock().await;
        self.state.go_down();
        if let Some(ending) = serving.take() {
            let _ = ending.await;
        }
    }
}

/// Accepts connections until the proxy goes down, then ends them all.
async fn serve(state: Arc<State>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(Arc::clone(&state), stream));
                }
            }
            () = state.going_down.notified() => break,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(state: Arc<State>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let Ok(socket) = SockRef::from(&stream).try_clone().map(Arc::new) else {
        return;
    };
    let service =
        service_fn(move |request| exchange(Arc::clone(&state), Arc::clone(&socket), request));
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}
