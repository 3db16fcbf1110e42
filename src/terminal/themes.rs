//! Which theme a terminal gets: the wish of the settings, within what the terminal can show.

use crate::theme::{ColorDepth, Face, Theme, built_in, names, parse};
use std::io::Read as _;

/// Largest theme file that is read.
const MAX_FILE: u64 = 256 << 10;

/// The theme for a wish (`auto`, a name, a path), and what was wrong with it. `light_ground` is what the environment
/// says of the background.
pub fn choose(wish: &str, face: Face, light_ground: bool) -> (Theme, Vec<String>) {
    let mut problems = Vec::new();
    let named = |name: &str| built_in(name).unwrap_or_default();
    let theme = match wish {
        // Without colours there is one theme: all others would lose what tells things apart.
        _ if face.depth == ColorDepth::Mono => named("mono"),
        "auto" if face.depth == ColorDepth::Sixteen => named("sixteen"),
        "auto" if light_ground => named("light"),
        "auto" => named("default"),
        "mono" | "sixteen" => named(wish),
        name if built_in(name).is_some() && face.depth == ColorDepth::Sixteen => named("sixteen"),
        name if built_in(name).is_some() => named(name),
        path if path.contains('/') || path.ends_with(".toml") => match read(path) {
            Ok(text) => {
                let (theme, wrong) = parse(path, &text);
                problems.extend(wrong.iter().map(ToString::to_string));
                theme
            }
            Err(why) => {
                problems.push(format!("theme {path}: {why}; the default is used"));
                named("default")
            }
        },
        other => {
            let known: Vec<&str> = names().collect();
            let hint = crate::app::settings::did_you_mean(other, names());
            let other = crate::text::clean_line(other).into_owned();
            problems.push(format!("no theme {other}{hint} Themes are {}, or the path of a file", known.join(", ")));
            named(if face.depth == ColorDepth::Sixteen { "sixteen" } else { "default" })
        }
    };
    (theme.at_depth(face.depth), problems)
}

fn read(path: &str) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    if !file.metadata().map_err(|e| e.to_string())?.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("is larger than {MAX_FILE} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

/// `COLORFGBG` as rxvt and others set it: the last number is the background, 7 and 15 are light.
pub fn has_light_ground(env: impl Fn(&str) -> Option<String>) -> bool {
    env("COLORFGBG").and_then(|v| v.rsplit(';').next().map(|n| n == "7" || n == "15")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(depth: ColorDepth) -> Face {
        Face { depth, ascii: false, dumb: false }
    }

    #[test]
    fn t13_the_terminal_decides_first() {
        let name = |wish, depth, light| choose(wish, face(depth), light).0.name;
        assert_eq!(name("auto", ColorDepth::True, false), "default");
        assert_eq!(name("auto", ColorDepth::True, true), "light");
        assert_eq!(name("auto", ColorDepth::Sixteen, false), "sixteen");
        assert_eq!(name("light", ColorDepth::Sixteen, false), "sixteen");
        assert_eq!(name("contrast", ColorDepth::Mono, false), "mono");
        assert_eq!(name("contrast", ColorDepth::Indexed, false), "contrast");
    }

    #[test]
    fn f02_an_unknown_theme_is_told_with_what_is_near() {
        let (theme, problems) = choose("contrst", face(ColorDepth::True), false);
        assert_eq!(theme.name, "default");
        assert!(problems[0].contains("did you mean contrast?"), "{problems:?}");
        assert!(choose("/", face(ColorDepth::True), false).1[0].contains("is not a file"));
        assert!(choose("/nowhere/x.toml", face(ColorDepth::True), false).1[0].contains("No such file"));
    }
}
