//! A failure as targets, reports and commands tell it, and as JSON has it.

use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_core::target::TargetId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::failure::{self, ExitCode, Explanation, explain};

/// Something that was not done, and what it is about, as far as it is about one
/// app, version, image or platform. Its JSON is stable: fields are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FailureRecord {
    /// The whole chain of the error in one line.
    pub message: String,
    /// The advice about the next step.
    pub hint: Option<String>,
    /// The exit code it stands for; in JSON its number.
    #[serde(serialize_with = "number", deserialize_with = "of_number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub code: ExitCode,
    /// It is of everything, not of what it is about alone.
    #[serde(skip)]
    pub everywhere: bool,
    /// The app.
    pub app: Option<String>,
    /// The version number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The image's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The target's log: a path from the project's root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The command that builds the target alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}

impl FailureRecord {
    /// An error, about nothing in particular.
    #[must_use]
    pub fn new(error: &anyhow::Error) -> Self {
        let Explanation {
            code,
            hint,
            everywhere,
        } = explain(error);
        Self {
            message: chain(error.as_ref()),
            hint,
            code,
            everywhere,
            app: None,
            version: None,
            image: None,
            platform: None,
            log: None,
            reproduce: None,
        }
    }

    /// Whether it is the machine's own: no target is worth trying until it is
    /// mended.
    #[must_use]
    pub fn stops_the_run(&self) -> bool {
        self.everywhere && self.code == ExitCode::Storage
    }

    /// Its subject: a target or an app; none where it is about
    /// nothing in particular.
    #[must_use]
    pub fn about(&self) -> Option<String> {
        let app = self.app.as_ref()?;
        let target = || {
            Some(TargetId {
                app: app.clone(),
                version: self.version.clone()?,
                image: self.image.clone()?,
                platform: self.platform.clone()?,
            })
        };
        Some(target().map_or_else(|| app.clone(), |target| target.to_string()))
    }

    /// It is about this app.
    #[must_use]
    pub fn of_app(self, app: impl Into<String>) -> Self {
        Self {
            app: Some(app.into()),
            ..self
        }
    }

    /// It is about this target, which this command builds alone. Where nothing else
    /// is known to do, its log tells more.
    #[must_use]
    pub fn of_target(self, target: &TargetId, alone: String) -> Self {
        Self {
            hint: Some(self.hint.unwrap_or_else(|| failure::try_alone(&alone))),
            reproduce: Some(alone),
            ..self
        }
        .about_target(target)
    }

    /// It is about this target, and there is no more to do than its hint says.
    #[must_use]
    pub fn about_target(self, target: &TargetId) -> Self {
        Self {
            app: Some(target.app.clone()),
            version: Some(target.version.clone()),
            image: Some(target.image.clone()),
            platform: Some(target.platform.clone()),
            ..self
        }
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn number<S: Serializer>(code: &ExitCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(code.code())
}

fn of_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ExitCode, D::Error> {
    let number = u8::deserialize(deserializer)?;
    ExitCode::of(number).ok_or_else(|| de::Error::custom(format!("no exit code is {number}")))
}

#[cfg(test)]
mod tests {
    use crate::failure::Failure;

    use super::*;

    #[test]
    fn json_says_what_it_is_about_and_the_exit_code() {
        let error = Failure::new(ExitCode::Registry, "refused").hint("log in");
        let error = anyhow::Error::from(error).context("pushing");
        let target = TargetId {
            app: "a".to_owned(),
            version: "1.0.0".to_owned(),
            image: "a".to_owned(),
            platform: "linux/arm64".parse().unwrap(),
        };
        let record = FailureRecord::new(&error);
        let app = serde_json::to_value(record.clone().of_app("a")).unwrap();
        let expected = serde_json::json!({
            "message": "pushing: refused", "hint": "log in", "code": 9, "app": "a",
        });
        assert_eq!(app, expected);
        let target =
            serde_json::to_value(record.of_target(&target, "bakehouse build a".to_owned()));
        let target = target.unwrap();
        assert_eq!(target["version"], "1.0.0");
        assert_eq!(target["reproduce"], "bakehouse build a");
        assert_eq!(target["platform"], "linux/arm64");
    }
}
