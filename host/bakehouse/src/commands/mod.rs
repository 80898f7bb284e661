//! One file for each command. A command opens the context, walks the pipeline
//! and prints.

mod build;
mod build_plan;
mod check_report;
mod check_text;
mod completions;
mod doctor;
mod down;
mod ending;
mod init;
mod inspect;
mod inspect_text;
mod kept;
mod logs;
mod man;
mod merge;
mod new;
mod plan;
mod planned;
mod preview_text;
mod recipe_build;
mod recipe_check;
mod recipe_show;
mod reference;
mod report;
mod report_text;
mod review;
mod review_text;
mod run;
mod runs;
mod saved_plan;
mod schema;
mod serve;
mod session;
mod smoke;
mod status;
mod status_table;
mod text;
mod up;
mod workflows;

use anyhow::Result;

use crate::cli::{Cli, Command, RecipeCommand};
use crate::failure::ExitCode;
use session::Session;

pub use session::Session as Invocation;

#[cfg(test)]
pub(crate) use {
    check_report::RecipeCheck, doctor::Report as DoctorReport, inspect::Inspected, runs::Runs,
};

/// Runs one command to its end and says how the process exits.
///
/// # Errors
/// Whatever stopped the command; [`exit_code`](crate::failure::exit_code) maps it.
pub async fn dispatch(session: &Session, cli: &Cli) -> Result<ExitCode> {
    let (name, unused) = &cli.unused;
    if !unused.is_empty() {
        let unused = unused.join(", ");
        let told = format_args!("`bakehouse {name}` has no use for {unused}");
        session.printer.talk(told);
    }
    match &cli.command {
        Command::Init(args) => init::init(session, args).await,
        Command::New(args) => new::new(session, args).await,
        Command::Plan(args) => plan::plan(session, args).await,
        Command::Build(args) => build::build(session, args).await,
        Command::Merge(args) => merge::merge(session, args).await,
        Command::Status(args) => status::status(session, args).await,
        Command::Run(args) => run::run(session, args).await,
        Command::Review(args) => review::review(session, args).await,
        Command::Runs(args) => runs::runs(session, args),
        Command::Logs(args) => logs::logs(session, args),
        Command::Report(args) => report::report(session, args),
        Command::Inspect(args) => inspect::inspect(session, args).await,
        Command::Smoke(args) => smoke::smoke(session, args).await,
        Command::Serve(args) => serve::serve(session, args).await,
        Command::Recipe(args) => match &args.command {
            RecipeCommand::Check(args) => recipe_check::recipe_check(session, args).await,
            RecipeCommand::Show(args) => recipe_show::recipe_show(session, args).await,
            RecipeCommand::Build(args) => recipe_build::recipe_build(session, args).await,
        },
        Command::Workflows(args) => workflows::workflows(session, args),
        Command::Up(args) => up::up(session, args).await,
        Command::Doctor(args) => doctor::doctor(session, args).await,
        Command::Down => down::down(session).await,
        Command::Completions(args) => completions::completions(session, args),
        Command::Man(args) => man::man(session, args),
        Command::Schema(args) => schema::schema(session, args),
    }
}
