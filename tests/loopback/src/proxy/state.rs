//! State that all connections of a proxy share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Notify;

use super::bodies::Body;
use super::decide::Decider;
use super::fault::Fault;
use super::record::{Kind, Record};

/// Decisions, the log, and the client for the registry.
pub(super) struct State {
    pub(super) registry: String,
    pub(super) client: Client<HttpConnector, Body>,
    latency: AtomicU64,
    decider: Mutex<Decider>,
    log: Mutex<Log>,
    /// Paths of manifests, and how many reads of each answer 404.
    unseen: Mutex<HashMap<String, u32>>,
    /// Whether nobody listens, or nobody will in a moment.
    pub(super) down: AtomicBool,
    pub(super) going_down: Notify,
}

/// Requests, numbered from the start of the proxy.
#[derive(Default)]
struct Log {
    forgotten: usize,
    records: Vec<Record>,
}

impl State {
    pub(super) fn new(registry: &str) -> Self {
        Self {
            registry: registry.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            latency: AtomicU64::default(),
            decider: Mutex::default(),
            log: Mutex::default(),
            unseen: Mutex::default(),
            down: AtomicBool::new(true),
            going_down: Notify::new(),
        }
    }

    pub(super) fn decider(&self) -> MutexGuard<'_, Decider> {
        self.decider.lock().unwrap()
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.log.lock().unwrap().records.clone()
    }

    pub(super) fn forget(&self) {
        let mut log = self.log.lock().unwrap();
        log.forgotten += log.records.len();
        log.records.clear();
    }

    pub(super) fn go_down(&self) {
        if !self.down.swap(true, Ordering::SeqCst) {
            self.going_down.notify_one();
        }
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_micros(self.latency.load(Ordering::Relaxed))
    }

    pub(super) fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap();
        self.latency.store(micros, Ordering::Relaxed);
    }

    /// Logs a request, under the number returned, and decides about it.
    pub(super) fn begin(&self, request: &Request<Incoming>) -> (usize, Option<Fault>) {
        let method = request.method().as_str();
        let target = request.uri().path_and_query().map_or("/", |t| t.as_str());
        let kind = Kind::of(target);
        let authorization = request
            .headers()
            .get(AUTHORIZATION)
            .map(|value| value.len());
        let fault = self.still_unseen(method, target).or_else(|| {
            self.decider()
                .decide(method, kind, target, authorization.is_some())
        });
        let mut log = self.log.lock().unwrap();
        log.records.push(Record {
            method: method.to_owned(),
            kind,
            target: target.to_owned(),
            authorization,
            fault,
            status: None,
            sent: 0,
        });
        (log.forgotten + log.records.len() - 1, fault)
    }

    /// Changes a record, unless it is forgotten.
    pub(super) fn amend(&self, number: usize, change: impl FnOnce(&mut Record)) {
        let mut log = self.log.lock().unwrap();
        let record = number
            .checked_sub(log.forgotten)
            .and_then(|place| log.records.get_mut(place));
        if let Some(record) = record {
            change(record);
        }
    }

    pub(super) fn hide(&self, path: &str, reads: u32) {
        self.unseen.lock().unwrap().insert(path.to_owned(), reads);
    }

    fn still_unseen(&self, method: &str, target: &str) -> Option<Fault> {
        if !matches!(method, "GET" | "HEAD") {
            return None;
        }
        let mut unseen = self.unseen.lock().unwrap();
        let left = unseen.get_mut(target).filter(|left| **left > 0)?;
        *left -= 1;
        Some(Fault::Status(404))
    }
}
