//! An axum application on a thread of its own.

use std::net::{SocketAddr, TcpListener};

use axum::Router;
use tokio::runtime::{Builder, Runtime};

/// Serves on a free loopback port until it is dropped, wherever that is.
pub struct Service {
    /// Where it is served.
    pub address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Service {
    /// Serves it.
    pub fn start(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = runtime();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, app).await
        });
        Self {
            address,
            runtime: Some(runtime),
        }
    }

    /// `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A runtime with one thread.
pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}
