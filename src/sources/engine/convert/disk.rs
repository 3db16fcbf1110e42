//! What an engine keeps on its disk: `/system/df`.

use super::super::json::Json;
use crate::model::{DiskImage, DiskUse, DiskVolume};
use serde_json::Value;

/// Images and volumes; those without a name or id are passed over.
pub fn disk_use(answer: &Value) -> DiskUse {
    let answer = Json::of(answer);
    DiskUse {
        images: answer.at("Images").list().filter_map(image).collect(),
        volumes: answer.at("Volumes").list().filter_map(volume).collect(),
    }
}

fn image(place: Json<'_>) -> Option<DiskImage> {
    let size = place.at("Size").some_count().unwrap_or(0);
    let names = place.at("RepoTags").outsides().into_iter().filter(|name| *name != "<none>:<none>");
    Some(DiskImage {
        id: place.at("Id").some_text()?.to_owned(),
        names: names.collect(),
        // −1 is "not counted".
        bytes: size.saturating_sub(place.at("SharedSize").some_count().unwrap_or(0)),
        containers: place.at("Containers").some_count(),
    })
}

fn volume(place: Json<'_>) -> Option<DiskVolume> {
    let name = place.at("Name").some_outside()?;
    let is_hash = name.raw().len() == 64 && name.raw().bytes().all(|b| b.is_ascii_hexdigit());
    let use_of = place.at("UsageData");
    Some(DiskVolume {
        is_anonymous: is_hash || !place.at("Labels").at("com.docker.volume.anonymous").is_absent(),
        bytes: use_of.at("Size").some_count(),
        containers: use_of.at("RefCount").some_count(),
        name,
    })
}
