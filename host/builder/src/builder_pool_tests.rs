use bakehouse_core::progress::Silent;
use bakehouse_core::target::TargetId;

use super::*;
use crate::Fake;
use crate::builder::Output;
use crate::command::tests::request;

fn pool(members: Vec<(Option<&str>, Arc<Fake>)>) -> BuilderPool {
    let members = members
        .into_iter()
        .enumerate()
        .map(|(at, (platform, fake))| Member {
            name: format!("b{at}"),
            platform: platform.map(|text| text.parse().unwrap()),
            builder: fake,
        });
    BuilderPool::new(members.collect(), Arc::new(Silent))
}

fn for_platform(text: &str) -> BuildRequest {
    let mut request = request();
    request.build.platform = text.parse().unwrap();
    request.target.platform = request.build.platform.clone();
    request.output = Output::Files("/".into());
    request
}

fn gone() -> BuildError {
    let (builder, said) = ("b0".to_owned(), "it is gone".to_owned());
    BuilderError::Failed { builder, said }.into()
}

/// Fails the builds for a platform.
fn on(
    platform: &Platform,
    error: fn() -> BuildError,
) -> impl Fn(&TargetId) -> Option<BuildError> + Send + Sync + 'static {
    let platform = platform.clone();
    move |target| (target.platform == platform).then(error)
}

fn asked(fake: &Fake) -> Vec<String> {
    let requests = fake.requests();
    requests
        .iter()
        .map(|r| r.build.platform.to_string())
        .collect()
}

#[tokio::test]
async fn each_platform_has_its_builder() {
    let (any, arm) = (Arc::new(Fake::new()), Arc::new(Fake::new()));
    let pool = pool(vec![
        (None, Arc::clone(&any)),
        (Some("linux/arm64"), Arc::clone(&arm)),
    ]);
    for platform in ["linux/amd64", "linux/arm64", "linux/riscv64"] {
        pool.build(&for_platform(platform)).await.unwrap();
    }
    assert_eq!(asked(&any), ["linux/amd64", "linux/riscv64"]);
    assert_eq!(asked(&arm), ["linux/arm64"]);
}

#[tokio::test]
async fn a_builder_that_went_away_is_not_asked_again() {
    let amd64: Platform = "linux/amd64".parse().unwrap();
    let first = Arc::new(Fake::new().failing(on(&amd64, gone)));
    let second = Arc::new(Fake::new());
    let pool = pool(vec![
        (None, Arc::clone(&first)),
        (None, Arc::clone(&second)),
    ]);
    for _ in 0..2 {
        pool.build(&for_platform("linux/amd64")).await.unwrap();
    }
    assert_eq!((asked(&first).len(), asked(&second).len()), (1, 2));
}

#[tokio::test]
async fn a_failed_build_is_no_reason_to_try_another_builder() {
    let amd64: Platform = "linux/amd64".parse().unwrap();
    let failed = || BuildError::Refused("exit code: 1".to_owned());
    let first = Arc::new(Fake::new().failing(on(&amd64, failed)));
    let second = Arc::new(Fake::new());
    let pool = pool(vec![(None, first), (None, Arc::clone(&second))]);
    let ended = pool.build(&for_platform("linux/amd64")).await;
    let error = ended.unwrap_err();
    assert!(matches!(&error, BuildError::Refused(_)), "{error:?}");
    assert_eq!(asked(&second), [""; 0]);
}

#[tokio::test]
async fn when_all_are_gone_it_says_so() {
    let amd64: Platform = "linux/amd64".parse().unwrap();
    let one = Arc::new(Fake::new().failing(on(&amd64, gone)));
    let pool = pool(vec![(Some("linux/amd64"), one)]);
    let request = for_platform("linux/amd64");
    let error = pool.build(&request).await.unwrap_err();
    assert_eq!(error.to_string(), "builder b0: it is gone");
    let why = pool.build(&request).await.unwrap_err().to_string();
    assert_eq!(why, "no builder is left for linux/amd64");
    let error = pool.capabilities_for(&amd64).await.unwrap_err();
    assert!(matches!(error, BuilderError::NoneLeftFor(platform) if platform == amd64));
}
