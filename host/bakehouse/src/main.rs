//! The `bakehouse` program: parses the command line and maps how it ended to an
//! exit code.

use std::process::ExitCode as ProcessCode;
use std::sync::Arc;

use bakehouse::cli::Cli;
use bakehouse::commands::{Invocation, dispatch};
use bakehouse::failure::ExitCode;
use bakehouse::{completion, logging, printer, signals};

/// musl's own takes several times the CPU (docs/benchmarks.md).
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ProcessCode {
    std::panic::set_hook(Box::new(printer::panicked));
    completion::answer();
    let cli = Cli::read();
    logging::start(&cli);
    let session = Arc::new(Invocation::new(&cli));
    let late = Arc::clone(&session);
    let code = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let code = runtime.block_on(async {
                tokio::select! {
                    ended = dispatch(&session, &cli) => ended,
                    signal = signals::interrupted(move |signal| {
                        late.stopped(signal);
                    }) => Ok(session.stopped(signal)),
                }
            });
            // Children end with the futures that own them; threads need not.
            runtime.shutdown_background();
            code
        });
    let code = code.unwrap_or_else(|error| session.failed(&error));
    session.ended(code);
    let code = match code {
        ExitCode::Success if printer::lost() => ExitCode::Storage,
        code => code,
    };
    ProcessCode::from(code.code())
}
