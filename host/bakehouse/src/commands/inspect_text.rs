//! An inspection, for people: each fact once. What all platforms have in common
//! stands above them.

use std::collections::BTreeMap;

use bakehouse_core::date::Date;
use bakehouse_registry::{InspectedImage, Inspection, RECIPE_ANNOTATION, VERSION_ANNOTATION};

use super::inspect::Inspected;
use super::text::fact;
use crate::text::{Page, Row, Style, age, bytes, short_digest};

/// Names of facts that images state of themselves by keys that everybody uses (OCI
/// image-spec, "Annotations").
const NAMES: [(&str, &str); 12] = [
    ("org.opencontainers.image.title", "title"),
    ("org.opencontainers.image.description", "description"),
    (VERSION_ANNOTATION, "version"),
    ("org.opencontainers.image.created", CREATED),
    ("org.opencontainers.image.licenses", "licence"),
    ("org.opencontainers.image.vendor", "vendor"),
    ("org.opencontainers.image.url", "url"),
    ("org.opencontainers.image.documentation", "docs"),
    ("org.opencontainers.image.source", "source"),
    ("org.opencontainers.image.revision", "revision"),
    ("org.opencontainers.image.base.name", "base"),
    ("org.opencontainers.image.base.digest", "base digest"),
];
const CREATED: &str = "created";

/// A fact in the order in which it is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    place: usize,
    name: &'static str,
    value: String,
}

/// Facts of an image that others may have, too.
struct Facts(Vec<Fact>);

impl Facts {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn add(&mut self, name: &'static str, value: String) {
        let named = NAMES.iter().position(|(_, known)| *known == name);
        // Those without a name of their own stand last.
        let place = named.unwrap_or(match name {
            "label" | "annotation" => usize::MAX,
            _ => NAMES.len(),
        });
        let is_there = |fact: &Fact| fact.name == name && fact.value == value;
        if !self.0.iter().any(is_there) {
            self.0.push(Fact { place, name, value });
        }
    }

    /// Labels or annotations.
    fn add_pairs(&mut self, other: &'static str, pairs: &BTreeMap<String, String>, now: &Date) {
        for (key, value) in pairs {
            let named = NAMES.iter().find(|(known, _)| known == key);
            match named {
                Some((_, CREATED)) => self.add(CREATED, dated(value, now)),
                Some((_, name)) => self.add(name, value.clone()),
                None => self.add_pair(other, format!("{key}={value}")),
            }
        }
    }

    /// A label that an annotation says, too, is told once.
    fn add_pair(&mut self, name: &'static str, pair: String) {
        let is_pair = |fact: &Fact| fact.place == usize::MAX && fact.value == pair;
        if !self.0.iter().any(is_pair) {
            self.add(name, pair);
        }
    }

    fn has(&self, other: &Fact) -> bool {
        let same = |fact: &Fact| {
            fact.place == other.place
                && fact.value == other.value
                && (fact.name == other.name || fact.place == usize::MAX)
        };
        self.0.iter().any(same)
    }

    fn show(mut self, out: &mut Page) {
        self.0.sort();
        for Fact { name, value, .. } in self.0 {
            fact(out, name, value);
        }
    }
}

/// The index or image that a reference names. Every line begins with the name of what it
/// tells: what an image says of itself passes for nothing else.
pub(super) fn inspect_page(mut out: Page, inspected: &Inspected, now: &Date) -> Page {
    let inspection = &inspected.inspection;
    let images: Vec<(&InspectedImage, Facts)> = inspection
        .images
        .iter()
        .map(|image| (image, of_image(image, inspection, out.room(), now)))
        .collect();
    let mut top = Facts::new();
    let mut annotations = inspection.annotations.clone();
    // It is told of the images that it is about.
    let told = |image: &InspectedImage| annotations.get(RECIPE_ANNOTATION) == image.recipe.as_ref();
    if inspection.images.iter().any(told) {
        annotations.remove(RECIPE_ANNOTATION);
    }
    top.add_pairs("annotation", &annotations, now);
    if let Some((_, first)) = images.first() {
        let common = first.0.iter();
        let common = common.filter(|fact| images.iter().all(|(_, facts)| facts.has(fact)));
        for fact in common {
            if !top.has(fact) {
                top.0.push(fact.clone());
            }
        }
    }
    out.row(Row::of(Style::Strong, &inspection.reference));
    fact(&mut out, "digest", &inspection.digest);
    fact(&mut out, "media type", &inspection.media_type);
    if let Some(pushed) = &inspected.pushed {
        let at = dated(pushed.at.as_str(), now);
        fact(
            &mut out,
            "pushed",
            format_args!("{at}, by the run {}", pushed.run),
        );
    }
    against(&mut out, inspected);
    let differing: Vec<_> = images
        .into_iter()
        .map(|(image, mut facts)| {
            facts.0.retain(|fact| !top.has(fact));
            (image, facts)
        })
        .collect();
    top.show(&mut out);
    for (image, facts) in differing {
        out.blank();
        of_platform(&mut out, image, inspection);
        facts.show(&mut out);
    }
    out
}

/// Upstream's newest version, and the lag behind it.
fn against(out: &mut Page, inspected: &Inspected) {
    if let Some(why) = &inspected.upstream_unknown {
        fact(out, "upstream", format_args!("not known: {why}"));
    }
    let Some(against) = &inspected.upstream else {
        return;
    };
    let (style, words) = match (&against.newest, &against.lag) {
        (Some(newest), Some(lag)) => (Style::Odd, format!("{newest} is newer; behind by {lag}")),
        (Some(newest), None) if !against.known => {
            let words = format!("{newest} is the newest version, and it lists no such one as this");
            (Style::Odd, words)
        }
        (Some(newest), None) => (Style::Good, format!("{newest} is the newest version")),
        (None, _) => (Style::Odd, "it has no version for general use".to_owned()),
    };
    let label = Row::of(Style::Faint, &format!("  {:11} ", "upstream"));
    out.styled_words(label, style, words);
}

/// The facts of one platform that no other has.
fn of_platform(out: &mut Page, image: &InspectedImage, inspection: &Inspection) {
    out.row(Row::of(Style::Strong, &image.platform.to_string()));
    // Of a single image they were told.
    if image.digest != inspection.digest {
        fact(out, "digest", &image.digest);
    }
    fact(out, "download", bytes(image.size));
    for attestation in &image.attestations {
        let predicates = attestation.predicates.join(", ");
        let digest = &attestation.digest;
        fact(out, "attested by", format_args!("{digest}  {predicates}"));
    }
}

/// The facts of one platform that others may have, too.
fn of_image(
    image: &InspectedImage,
    inspection: &Inspection,
    room: Option<usize>,
    now: &Date,
) -> Facts {
    let mut facts = Facts::new();
    if image.media_type != inspection.media_type {
        facts.add("image type", image.media_type.clone());
    }
    if let Some(created) = &image.created {
        facts.add(CREATED, dated(created, now));
    }
    if let Some(user) = &image.user {
        facts.add("user", user.clone());
    }
    if !image.entrypoint.is_empty() {
        facts.add("entrypoint", format!("{:?}", image.entrypoint));
    }
    // They are there to be compared.
    let shown = |digest: &String| match room {
        Some(_) => short_digest(digest),
        None => digest.clone(),
    };
    let made_by = image.recipe.as_ref().map(shown);
    let there = inspection.recipe_now.as_ref().map(shown);
    if let Some(recipe) = recipe(made_by.as_deref(), there.as_deref()) {
        facts.add("recipe", recipe);
    }
    facts.add_pairs("label", &image.labels, now);
    facts.add_pairs("annotation", &image.annotations, now);
    facts
}

/// A date with its age; what is none is shown as it is.
fn dated(text: &str, now: &Date) -> String {
    match Date::parse(text) {
        Some(date) => format!("{} ({})", date.minute(), age(&date, now)),
        None => text.to_owned(),
    }
}

/// The recipe that made an image, and whether it is the one that there is now.
fn recipe(made_by: Option<&str>, now: Option<&str>) -> Option<String> {
    Some(match (made_by, now) {
        (Some(made_by), Some(now)) if made_by != now => {
            format!("{made_by}, changed since: now {now}")
        }
        (Some(made_by), Some(_)) => format!("{made_by}, as it is now"),
        (Some(made_by), None) => made_by.to_owned(),
        (None, Some(now)) => format!("unknown; now {now}"),
        (None, None) => return None,
    })
}
