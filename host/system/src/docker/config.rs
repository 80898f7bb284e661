//! Docker's configuration file, read as Docker reads it (`docker/cli`,
//! `cli/config`): which credentials it has for a registry, or who keeps them.
//!
//! Docker is written in Go, and takes what Go takes: names in any case, `null`
//! for nothing, an end of line within base64. A field that is empty is one that is
//! not there; some programs write all of them.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::PAD;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::credentials::RegistryAuth;

/// Docker Hub's entry has a name of its own.
const HUB: &str = "https://index.docker.io/v1/";

/// Go's decoder does not look at the bits after the last byte.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// The faults of a configuration file. No secret is part of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not JSON, or not of the form that Docker has.
    #[error("line {line}, column {column}: it is no JSON of Docker's form")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// An entry's `auth` is not base64.
    #[error("`auth` of {0} is not base64")]
    Base64(String),
    /// An entry's `auth` is not a user and a password.
    #[error("`auth` of {0} is not base64 of USER:PASSWORD")]
    NoUser(String),
}

/// The name of a registry's entry.
pub(super) fn key(host: &str) -> &str {
    match host {
        // The last as BuildKit has it, which asks for Docker Hub by that name.
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => HUB,
        other => other,
    }
}

/// The keeper of a registry's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keeper {
    /// In the file itself.
    File(RegistryAuth),
    /// With the program `docker-credential-NAME`; a registry token may stand in
    /// the file all the same.
    Helper {
        /// Its `NAME`.
        name: String,
        /// The file's registry token.
        token: Option<String>,
    },
}

/// The parts of the file that tell credentials.
#[derive(Debug, Default)]
pub(super) struct DockerConfig {
    auths: BTreeMap<String, Option<Entry>>,
    store: String,
    helpers: BTreeMap<String, Option<String>>,
}

/// An entry of `auths`.
#[derive(Default, Deserialize)]
#[serde(try_from = "Fields")]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identity_token: String,
    registry_token: String,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

impl DockerConfig {
    /// Reads a file. What follows its first value does not count, and a file
    /// without one is an empty configuration.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ConfigError> {
        let text = String::from_utf8_lossy(bytes);
        if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            return Ok(Self::default());
        }
        let mut json = serde_json::Deserializer::from_str(&text);
        let config = Option::<Self>::deserialize(&mut json);
        let config = config.map_err(|error| json_error(&error))?;
        Ok(config.unwrap_or_default())
    }

    /// The keeper of this entry's credentials.
    ///
    /// # Errors
    /// When it has some that cannot be read.
    pub(super) fn keeper(&self, key: &str) -> Result<Keeper, ConfigError> {
        let found = self.entry(key);
        let name = match self.helpers.get(key) {
            // Without a name: not even the common one.
            Some(name) => name.clone().unwrap_or_default(),
            None => self.store.clone(),
        };
        if !name.is_empty() {
            let token = found.map(|(_, entry)| entry.registry_token.clone());
            let token = token.filter(|token| !token.is_empty());
            return Ok(Keeper::Helper { name, token });
        }
        let login = found.map(|(name, entry)| entry.login(name)).transpose()?;
        Ok(Keeper::File(login.unwrap_or(RegistryAuth::Anonymous)))
    }

    /// The entry of this name, else one whose address has this host.
    fn entry(&self, key: &str) -> Option<(&String, &Entry)> {
        let exact = self.auths.get_key_value(key);
        // Docker Hub has many names, and not only Docker writes this file.
        let is_it = |name: &str| host_of(name) == key || self::key(host_of(name)) == key;
        let other = || self.auths.iter().find(|(name, _)| is_it(name));
        let (name, entry) = exact.or_else(other)?;
        Some((name, entry.as_ref()?))
    }
}

impl Entry {
    /// The login that the entry is of. A registry token is used before an identity
    /// token, and that before a password; a user without a password is nobody.
    fn login(&self, name: &str) -> Result<RegistryAuth, ConfigError> {
        let (user, password) = match self.auth.as_str() {
            "" => (self.username.clone(), self.password.clone()),
            auth => decode(name, auth)?,
        };
        Ok(if !self.registry_token.is_empty() {
            RegistryAuth::Token(self.registry_token.clone())
        } else if !self.identity_token.is_empty() {
            RegistryAuth::Bearer(self.identity_token.clone())
        } else {
            basic(user, password)
        })
    }
}

/// A user with a password; nobody where one of them is empty.
fn basic(user: String, password: String) -> RegistryAuth {
    match user.is_empty() || password.is_empty() {
        true => RegistryAuth::Anonymous,
        false => RegistryAuth::Basic(user, password),
    }
}

fn decode(name: &str, auth: &str) -> Result<(String, String), ConfigError> {
    let text: String = auth.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = BASE64.decode(text);
    let bytes = bytes.map_err(|_| ConfigError::Base64(name.to_owned()))?;
    let pair = String::from_utf8_lossy(&bytes);
    match pair.split_once(':') {
        Some((user, password)) if !user.is_empty() => {
            Ok((user.to_owned(), password.trim_matches('\0').to_owned()))
        }
        _ => Err(ConfigError::NoUser(name.to_owned())),
    }
}

/// `DOCKER_AUTH_CONFIG`, a configuration for CI. It has nothing but `auth`, and is
/// right or not used at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    auths: BTreeMap<String, VariableEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableEntry {
    auth: String,
}

/// The credentials that the variable has for an entry, under exactly this name.
///
/// # Errors
/// When it cannot be used.
pub(super) fn in_variable(text: &str, key: &str) -> Result<Option<RegistryAuth>, ConfigError> {
    let variable: Variable = serde_json::from_str(text).map_err(|error| json_error(&error))?;
    let mut found = None;
    for (name, entry) in variable.auths {
        let (user, password) = decode(&name, &entry.auth)?;
        if name == key {
            found = Some(basic(user, password));
        }
    }
    Ok(found)
}

/// The fault by its line and column alone; the error's own text may have a secret
/// in it.
fn json_error(error: &serde_json::Error) -> ConfigError {
    ConfigError::Json {
        line: error.line(),
        column: error.column(),
    }
}

/// The `host[:port]` of an address, with or without a scheme.
fn host_of(name: &str) -> &str {
    let Some((_, rest)) = name.split_once("://") else {
        return name.split('/').next().unwrap_or(name);
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = host.rsplit('@').next().unwrap_or(host);
    host.strip_suffix(':').unwrap_or(host)
}

/// A value, or nothing where it is null.
fn value<'de, T: Deserialize<'de> + Default, M: MapAccess<'de>>(
    map: &mut M,
) -> Result<T, M::Error> {
    Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
}

impl<'de> Deserialize<'de> for DockerConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = DockerConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("Docker's configuration")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<DockerConfig, M::Error> {
                let mut config = DockerConfig::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.to_ascii_lowercase().as_str() {
                        "auths" => config.auths.extend(value::<BTreeMap<_, _>, _>(&mut map)?),
                        "credsstore" => config.store = value(&mut map)?,
                        "credhelpers" => {
                            config.helpers.extend(value::<BTreeMap<_, _>, _>(&mut map)?)
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(config)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The value of a field that may be a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Text(String),
    Other(IgnoredAny),
}

type Fields = BTreeMap<String, Option<Field>>;

/// A field that is text where it should be.
#[derive(Debug, thiserror::Error)]
#[error("a field is no text")]
pub(super) struct NoText;

/// Gives each known field its text.
fn fill<const N: usize>(fields: Fields, known: [(&str, &mut String); N]) -> Result<(), NoText> {
    let mut known = known;
    // Names in capitals come first, so the usual spelling wins.
    for (name, value) in fields {
        let Some(value) = value else { continue };
        let field = known
            .iter_mut()
            .find(|(known, _)| name.eq_ignore_ascii_case(known));
        match (field, value) {
            (Some((_, field)), Field::Text(text)) => **field = text,
            (Some(_), Field::Other(_)) => return Err(NoText),
            (None, _) => {}
        }
    }
    Ok(())
}

impl TryFrom<Fields> for Entry {
    type Error = NoText;

    fn try_from(fields: Fields) -> Result<Self, NoText> {
        let mut entry = Self::default();
        fill(
            fields,
            [
                ("auth", &mut entry.auth),
                ("username", &mut entry.username),
                ("password", &mut entry.password),
                ("identitytoken", &mut entry.identity_token),
                ("registrytoken", &mut entry.registry_token),
            ],
        )?;
        Ok(entry)
    }
}

/// The answer that a credential helper prints (`docker-credential-helpers`, `get`).
#[derive(Default, Deserialize)]
#[serde(try_from = "Fields")]
struct Printed {
    username: String,
    secret: String,
}

impl TryFrom<Fields> for Printed {
    type Error = NoText;

    fn try_from(fields: Fields) -> Result<Self, NoText> {
        let mut printed = Self::default();
        let known = [
            ("username", &mut printed.username),
            ("secret", &mut printed.secret),
        ];
        fill(fields, known)?;
        Ok(printed)
    }
}

/// The login that a credential helper printed; none where that is not one.
pub(super) fn printed(bytes: &[u8]) -> Option<RegistryAuth> {
    let text = String::from_utf8_lossy(bytes);
    let mut json = serde_json::Deserializer::from_str(&text);
    let printed = Option::<Printed>::deserialize(&mut json).ok()?;
    let Printed { username, secret } = printed.unwrap_or_default();
    Some(match username.as_str() {
        "<token>" if !secret.is_empty() => RegistryAuth::Bearer(secret),
        "<token>" => RegistryAuth::Anonymous,
        _ => basic(username, secret),
    })
}
