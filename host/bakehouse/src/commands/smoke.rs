//! `bakehouse smoke`

use std::time::Duration;

use anyhow::Result;
use bakehouse_builder::engine::{Engine, PullCredentials, Smoke};
use bakehouse_core::platform::Platform;
use bakehouse_system::docker::credentials::{Credentials as _, DockerCredentials, RegistryAuth};

use super::{Session, reference};
use crate::cli::SmokeArgs;
use crate::failure::{ExitCode, Failure};
use crate::names;
use crate::text::Text;
use crate::up::set_up;

/// Longest time for one platform, image pull included.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs each platform's image once and shows what it prints.
pub(super) async fn smoke(session: &Session, args: &SmokeArgs) -> Result<ExitCode> {
    let opened = reference::open(session, &args.reference).await?;
    let endpoint = opened.registry.endpoint();
    let shown = endpoint.show(&opened.image, &opened.tag);
    let published = opened.registry.pullable(&opened.image, &opened.tag);
    let Some(published) = published.await? else {
        return Err(opened.nothing(session).await.into());
    };
    let known: Vec<String> = published
        .platforms
        .keys()
        .map(ToString::to_string)
        .collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut named = args.platforms.iter();
    if let Some(platform) = named.find(|named| !published.platforms.contains_key(named)) {
        let message = format!("{shown} has no image for {platform}");
        let hint = names::hint(platform.to_string(), &known, "it has");
        return Err(Failure::new(ExitCode::NotFound, message).hint(hint).into());
    }
    let mut chosen = published.platforms;
    chosen.retain(|platform, _| args.platforms.is_empty() || args.platforms.contains(platform));
    let engine = Engine::connect(&set_up())?;
    let found = DockerCredentials::new(endpoint.host()).find().await?;
    let login = match found {
        RegistryAuth::Basic(username, password) => Some(PullCredentials { username, password }),
        RegistryAuth::Bearer(_) | RegistryAuth::Token(_) | RegistryAuth::Anonymous => None,
    };
    let mut worst = ExitCode::Success;
    for (platform, descriptor) in chosen {
        let digest = descriptor.digest().to_string();
        let exact = format!("{}@{digest}", endpoint.repository(&opened.image));
        let result = engine
            .smoke(Smoke {
                reference: &exact,
                platform: &platform,
                argv: &args.arguments,
                present: false,
                credentials: login.as_ref(),
                limit: LIMIT,
            })
            .await?;
        let output = format!("{}{}", result.stdout, result.stderr);
        let output = output.trim_end();
        session.printer.data(&printed(&platform, output));
        if result.exit_code != 0 {
            worst = ExitCode::Build;
            session.printer.problem(
                &format!("{shown} for {platform} exited with {}", result.exit_code),
                &[],
            );
        }
    }
    Ok(worst)
}

/// What a program printed, each line behind its platform.
fn printed(platform: &Platform, output: &str) -> Text {
    let mut text = Text::new();
    for line in output.split('\n') {
        text.line(format_args!("{platform}\t{}", line.trim_end_matches('\r')));
    }
    text
}
