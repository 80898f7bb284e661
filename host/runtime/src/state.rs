//! The data of one call's store.

use std::collections::HashSet;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bakehouse_core::date::Date;
use bakehouse_core::grants::Policy;
use bakehouse_core::options::Settled;
use bakehouse_core::recipe::{Base, CallError};
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_core::target::TargetId;
use bakehouse_upstream::release::Listing;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::{FsPerms, WasiFilesystemCtxView};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::Services;
use super::budget::{CpuBudget, MemoryBudget};
use super::host::error::HostError;
use super::limits::Limits;
use super::meter::outside;
use super::work_files::WorkFilesView;

/// Bytes a recipe may print in one call, on each stream.
const PRINT_LIMIT: usize = 64 << 10;
/// Bytes of log messages in one call.
pub(super) const LOG_LIMIT: usize = 256 << 10;
/// Files, streams and the like that are open at the same time. The process has
/// a thousand or so for everything.
const RESOURCES: usize = 128;

/// The purpose of a call of a recipe.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// The version, where the call is about one.
    pub(super) version: Option<String>,
    /// Set during `prepare`.
    pub(super) prepare: Option<Prepare>,
}

/// The state that only `prepare` has.
#[derive(Debug, Clone)]
pub(super) struct Prepare {
    pub(super) target: TargetId,
    pub(super) work_tree: PathBuf,
    pub(super) bases: Vec<Base>,
    /// Dates the output of compile steps.
    pub(super) created: Option<Date>,
}

/// The data of one call's store.
pub(super) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    pub(super) memory: MemoryBudget,
    pub(super) cpu: CpuBudget,
    pub(super) limits: Limits,
    /// Bytes of log messages so far.
    pub(super) logged: usize,
    /// Warnings among them, for the report.
    pub(super) warnings: Vec<String>,
    pub(super) app: Arc<str>,
    pub(super) call: Call,
    pub(super) services: Arc<Services>,
    pub(super) policy: Arc<Policy>,
    pub(super) options: Arc<Settled>,
    /// Assets that granted sources listed in this call.
    pub(super) assets: HashSet<String>,
    /// The entries that sources listed in this call.
    pub(super) listings: Vec<Listing>,
    /// The last that a host function told the recipe of a failure in this call.
    pub(super) reported: Option<HostError>,
    pub(super) stdout: MemoryOutputPipe,
    pub(super) stderr: MemoryOutputPipe,
}

impl State {
    /// State for one call. WASI is empty but for what is printed and, during
    /// `prepare`, `/src`.
    ///
    /// # Errors
    /// When the work tree cannot be opened.
    pub(super) fn new(
        limits: Limits,
        app: Arc<str>,
        call: Call,
        services: Arc<Services>,
        policy: Arc<Policy>,
        options: Arc<Settled>,
    ) -> Result<Self, StorageError> {
        let stdout = MemoryOutputPipe::new(PRINT_LIMIT);
        let stderr = MemoryOutputPipe::new(PRINT_LIMIT);
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdout(stdout.clone()).stderr(stderr.clone());
        if let Some(prepare) = &call.prepare {
            let tree = &prepare.work_tree;
            wasi.preopened_dir(tree, "/src", FsPerms::ReadWrite)
                .map_err(|error| error.downcast().unwrap_or_else(io::Error::other))
                .at("open", tree)?;
        }
        Ok(Self {
            wasi: wasi.build(),
            table,
            memory: MemoryBudget::new(&limits),
            cpu: CpuBudget::new(limits.cpu()),
            limits,
            logged: 0,
            warnings: Vec::new(),
            app,
            call,
            services,
            policy,
            options,
            assets: HashSet::new(),
            listings: Vec::new(),
            reported: None,
            stdout,
            stderr,
        })
    }

    /// Its files, with what is taken note of.
    pub(super) fn files(&mut self) -> WorkFilesView<'_> {
        WorkFilesView {
            files: WasiFilesystemCtxView {
                ctx: self.wasi.filesystem(),
                table: &mut self.table,
            },
            tree: self.call.prepare.as_ref().map(Prepare::tree),
            reported: &mut self.reported,
        }
    }

    /// The part of the call that only `prepare` has.
    pub(super) fn prepare(&self, function: &'static str) -> Result<&Prepare, HostError> {
        let prepare = self.call.prepare.as_ref();
        prepare.ok_or(HostError::NotPreparing(function))
    }

    /// The error that a recipe is told of a failure.
    ///
    /// # Errors
    /// What no recipe is told: it ends the call.
    pub(super) fn told(&mut self, error: HostError) -> wasmtime::Result<CallError> {
        match error.told() {
            Ok(told) => {
                self.reported = Some(error);
                Ok(told)
            }
            Err(_) => Err(wasmtime::Error::new(error)),
        }
    }

    /// `app version` for messages.
    pub(super) fn subject(&self) -> String {
        subject(&self.app, &self.call)
    }
}

/// The subject of a call: `app`, `app version`, or the target.
pub(super) fn subject(app: &str, call: &Call) -> String {
    match (&call.prepare, &call.version) {
        (Some(prepare), _) => prepare.target.to_string(),
        (None, Some(version)) => format!("{app} {version}"),
        (None, None) => app.to_owned(),
    }
}

impl Prepare {
    /// The work tree.
    pub(super) fn tree(&self) -> &Path {
        &self.work_tree
    }

    /// References of the images that this one needs.
    pub(super) fn bases(&self) -> Vec<String> {
        let bases = self.bases.iter().map(|base| base.reference.clone());
        bases.collect()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Gives a host call its own time limit, which does not count as the recipe's.
pub(super) async fn bounded<T, E: Into<HostError>>(
    what: &str,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, HostError> {
    let call = async { call.await.map_err(Into::into) };
    let call = tokio::time::timeout(limit, outside(call)).await;
    call.unwrap_or_else(|_| {
        Err(HostError::Timeout {
            what: what.to_owned(),
            limit,
        })
    })
}
