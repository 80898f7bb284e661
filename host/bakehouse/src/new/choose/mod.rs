//! The choice among upstream's files: decided from names and facts alone.

mod asset;
mod base;
mod checksums;
pub(super) mod dockerfile;
mod labels;
mod licence;
mod machine;
mod member;
mod metadata;
mod pattern;
#[cfg(test)]
pub(super) mod releases;
mod spdx;
mod tag;
mod usable;
mod wheel;

pub(super) use asset::rank;
pub(super) use base::{Base, base, lacks_none};
pub(super) use checksums::{checksum_files, checksum_pattern};
pub(crate) use labels::source_of;
pub(super) use labels::{Labels, labels};
pub(super) use licence::{expression, is_licence_file, recognise};
pub(super) use machine::platform_of;
pub(super) use member::{Packed, ambiguous, member_pattern, program};
pub(super) use metadata::{Metadata, is_metadata, metadata};
pub(super) use pattern::{File, Picked, facts_of, file};
pub(super) use tag::pattern_of_tags;
pub(super) use usable::is_for_other_system;
pub(super) use wheel::rank as rank_wheels;
