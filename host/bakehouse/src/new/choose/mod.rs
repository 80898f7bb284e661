//! The choice among upstream's files: decided from names and facts alone.

mod asset;
mod base;
mod checksums;
pub(super) mod dockerfile;
mod licence;
mod member;
mod pattern;
mod tag;
mod wheel;

pub(super) use asset::{is_for_other_system, platform_of, rank};
pub(super) use base::{Base, base, lacks_none};
pub(super) use checksums::{checksum_file, checksum_pattern};
pub(super) use licence::{expression, is_licence_file, recognise};
pub(super) use member::{Packed, ambiguous, member_pattern, program};
pub(super) use pattern::{File, Picked, facts_of, file};
pub(super) use tag::pattern_of_tags;
pub(super) use wheel::rank as rank_wheels;
