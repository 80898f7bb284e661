//! The host pushes an exported image of 1 GB.

use std::process::Command;

use anyhow::{Result, ensure};
use bakehouse_loopback::{Image, Layer, write_archive};

use crate::bed::{Bed, NAMESPACE};
use crate::contest::{Contestant, contest};
use crate::table;

const LAYERS: u64 = 4;
const LAYER_SIZE: u64 = 250_000_000;
/// Each round is a gigabyte for everyone.
const ROUNDS: usize = 3;

pub(super) fn run(bed: &Bed, rounds: usize) -> Result<()> {
    let archive = bed.path("image.tar");
    let layers: Vec<Layer> = (0..LAYERS)
        .map(|seed| Layer {
            seed,
            size: LAYER_SIZE,
        })
        .collect();
    let image = write_archive(&archive, "amd64", &layers);
    // crane reads a folder.
    let folder = bed.path("image");
    std::fs::create_dir(&folder)?;
    let mut tar = Command::new("tar");
    let unpacked = tar
        .arg("-xf")
        .arg(&archive)
        .arg("-C")
        .arg(&folder)
        .status()?;
    ensure!(unpacked.success(), "cannot unpack the image");

    let outcomes = contest(bed, rounds.min(ROUNDS), None, &|host| {
        contestants(bed, host, &image)
    })?;
    table::print("Push of a 1 GB image by the host, on loopback", &outcomes);
    std::fs::remove_file(archive)?;
    Ok(std::fs::remove_dir_all(folder)?)
}

fn contestants<'a>(bed: &'a Bed, host: &str, image: &'a Image) -> Result<Vec<Contestant<'a>>> {
    let reference = |image: &str| format!("{host}/{NAMESPACE}/{image}:1.0.0");
    let contestant = |name: &str, repository: &'static str, command| Contestant {
        name: name.to_owned(),
        commands: vec![command],
        scale: 1,
        // Everything is sent again.
        prepare: Box::new(move || bed.remove_image(repository, image)),
    };
    let ours = bed.own(&["push", host, NAMESPACE, "ours", "image.tar"])?;
    let crane = bed.tool("crane", &["push", "image", &reference("crane")]);
    let target = format!("docker://{}", reference("skopeo"));
    let skopeo = bed.tool(
        "skopeo",
        &[
            "--insecure-policy",
            "copy",
            "--dest-tls-verify=false",
            "oci-archive:image.tar",
            &target,
        ],
    );
    Ok(vec![
        contestant("bakehouse", "ours", ours),
        contestant("`crane push`", "crane", crane),
        contestant("`skopeo copy`", "skopeo", skopeo),
    ])
}
