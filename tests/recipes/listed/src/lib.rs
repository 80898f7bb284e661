//! For tests: wants its versions in the order in which it lists them.

use bakehouse_sdk::{App, Build, Error, Image, Job, Prepared, Recipe, Version};

struct Listed;

impl Recipe for Listed {
    fn describe() -> Result<App, Error> {
        Ok(App::new("listed", env!("CARGO_PKG_VERSION"))
            .summary("Has names for versions")
            .image(Image::new("listed", &["linux/amd64"]))
            .ordered_as_listed())
    }

    fn versions(_: u32) -> Result<Vec<Version>, Error> {
        Ok(vec![Version::new("warty"), Version::new("hoary")])
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        Ok(Build::inline("FROM scratch\n", &job.target.platform).into())
    }
}

bakehouse_sdk::export!(Listed);
