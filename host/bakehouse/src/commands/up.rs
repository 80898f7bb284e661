//! `bakehouse up`

use anyhow::Result;
use bakehouse_core::platform::Platform;

use super::Session;
use crate::cli::UpArgs;
use crate::failure::ExitCode;
use crate::pipeline::failure_record::FailureRecord;
use crate::text::Text;
use crate::up::{Home, Part, UpError, Verdict, Work, look, plan, set_up};

/// Sets up what is missing for builds, where it may be set up, and says what is
/// there.
pub(super) async fn up(session: &Session, args: &UpArgs) -> Result<ExitCode> {
    let home = Home::of_user().ok_or(UpError::Home)?;
    let say = |line: &str| session.printer.talk(format_args!("==> {line}"));
    let work = Work {
        home: &home,
        say: &say,
    };
    let platforms = platforms(session);
    if args.dry_run {
        return Ok(tell(session, plan(look(&set_up(), &platforms).await)));
    }
    let _lock = home.lock().await?;
    if args.unpack {
        work.unpack().await?;
        return Ok(ExitCode::Success);
    }
    let mut failed = Vec::new();
    for (part, verdict) in plan(look(&set_up(), &platforms).await) {
        if let Verdict::Todo(step) = verdict
            && let Err(error) = work.run(&step).await
        {
            failed.push((part, error));
        }
    }
    // What is so now.
    let mut now = plan(look(&set_up(), &platforms).await);
    for (part, error) in failed {
        if let Some((_, verdict)) = now.iter_mut().find(|(of, _)| *of == part) {
            *verdict = Verdict::Cannot(Box::new(error));
        }
    }
    Ok(tell(session, now))
}

/// Prints what is so about each part; the exit code is of those that nothing can
/// be built without.
fn tell(session: &Session, parts: Vec<(Part, Verdict)>) -> ExitCode {
    let mut codes = Vec::new();
    for (part, verdict) in parts {
        let name = part.name();
        match verdict {
            Verdict::There(what) => {
                session.printer.done(format_args!("{name:<11}{what}"));
            }
            Verdict::Todo(step) => {
                let line = Text::of(format_args!("{name:<11}would {step}"));
                session.printer.data(&line);
            }
            Verdict::Cannot(error) => {
                let failure = FailureRecord::new(&anyhow::Error::new(*error));
                if part.is_needed() {
                    session.tell(&failure);
                    codes.push(failure.code);
                } else {
                    let hint = failure.hint.unwrap_or_default();
                    let message = failure.message;
                    session
                        .printer
                        .talk(format_args!("warning: {message}; {hint}"));
                }
            }
        }
    }
    ExitCode::common(codes)
}

/// The platforms of the project; without one, those that a new one has.
fn platforms(session: &Session) -> Vec<Platform> {
    let of_project = session.project().ok();
    let of_project = of_project.and_then(|project| project.file().platforms.clone());
    of_project.unwrap_or_else(crate::config::default_platforms)
}
