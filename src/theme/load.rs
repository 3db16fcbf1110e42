//! Theme files: TOML in, a theme and what is wrong with the file out. A role that is missing or wrong is as in the
//! default theme, so that a bad theme never hides anything.

use super::{Role, Theme, color};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

const FILES: [(&str, &str); 5] = [
    ("default", include_str!("../../themes/default.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("contrast", include_str!("../../themes/contrast.toml")),
    ("sixteen", include_str!("../../themes/sixteen.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// Something wrong with a theme file. Text and background nearer than this ratio count as unreadable.
const UNREADABLE: f64 = 1.5;

/// What is wrong with a theme file, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeProblem {
    /// Not TOML, or not of the shape of a theme.
    #[error("theme {file}: {reason}")]
    Unreadable {
        /// File name.
        file: String,
        /// The parser's words.
        reason: String,
    },
    /// One role is wrong; the default theme's is used for it.
    #[error("theme {file}: role {role}: {reason}; the default is used")]
    Role {
        /// File name.
        file: String,
        /// The role.
        role: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
}

/// Names of the themes that are built in.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// A built-in theme by name.
pub fn built_in(name: &str) -> Option<Theme> {
    let (file, text) = FILES.iter().find(|(n, _)| *n == name)?;
    // The test below parses each of them without a problem.
    Some(parse(file, text).0)
}

#[derive(Deserialize)]
struct File {
    name: Option<String>,
    background: Option<String>,
    #[serde(default)]
    roles: toml::Table,
}

/// Reads a theme file. Roles it does not have, or has wrong, are as in the default theme.
pub fn parse(file: &str, text: &str) -> (Theme, Vec<ThemeProblem>) {
    let base = if file == "default" { Theme::default() } else { built_in("default").unwrap_or_default() };
    let parsed: File = match toml::from_str(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let reason = error.to_string().trim_end().replace('\n', " ");
            return (base, vec![ThemeProblem::Unreadable { file: file.to_owned(), reason }]);
        }
    };
    let mut theme = Theme { name: parsed.name.unwrap_or_else(|| file.to_owned()), ..base };
    let mut problems = Vec::new();
    let ground = match parsed.background.as_deref() {
        Some("light") => Some(Color::Rgb(255, 255, 255)),
        Some("any") => None,
        _ => Some(Color::Rgb(0, 0, 0)),
    };
    for (key, value) in &parsed.roles {
        let Some(role) = Role::ALL.into_iter().find(|r| role_name(*r) == *key) else {
            let known: Vec<String> = Role::ALL.into_iter().map(role_name).collect();
            problems.push(problem(file, key, format!("no such role; roles are {}", known.join(", "))));
            continue;
        };
        match read_style(value).and_then(|style| readable(style, ground)) {
            Ok(style) => theme.set(role, style),
            Err(reason) => problems.push(problem(file, key, reason)),
        }
    }
    (theme, problems)
}

fn problem(file: &str, role: &str, reason: String) -> ThemeProblem {
    let role = crate::text::clean_line(role).into_owned();
    ThemeProblem::Role { file: file.to_owned(), role, reason }
}

/// The name of a role in a file: `border-focus`.
pub(super) fn role_name(role: Role) -> String {
    let mut out = String::new();
    for c in format!("{role:?}").chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn read_style(value: &toml::Value) -> Result<Style, String> {
    let Some(table) = value.as_table() else {
        return Err("must be a table like { fg = \"red\", bold = true }".to_owned());
    };
    let mut style = Style::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("fg", value) => style.fg = Some(read_color(value)?),
            ("bg", value) => style.bg = Some(read_color(value)?),
            (key, toml::Value::Boolean(on)) => {
                let modifier = match key {
                    "bold" => Modifier::BOLD,
                    "dim" => Modifier::DIM,
                    "italic" => Modifier::ITALIC,
                    "underline" => Modifier::UNDERLINED,
                    "reverse" => Modifier::REVERSED,
                    _ => return Err(unknown_key(key)),
                };
                if *on {
                    style = style.add_modifier(modifier);
                }
            }
            (key @ ("bold" | "dim" | "italic" | "underline" | "reverse"), _) => {
                return Err(format!("{key} must be true or false"));
            }
            (key, _) => return Err(unknown_key(key)),
        }
    }
    Ok(style)
}

fn unknown_key(key: &str) -> String {
    format!("no such key: {}; allowed are fg, bg, bold, dim, italic, underline, reverse", crate::text::clean_line(key))
}

fn read_color(value: &toml::Value) -> Result<Color, String> {
    let word = match value {
        toml::Value::String(word) => word.clone(),
        toml::Value::Integer(n) => n.to_string(),
        other => other.to_string(),
    };
    color::parse_color(&word)
        .ok_or_else(|| format!("{} is not a colour; a colour is {}", crate::text::clean_line(&word), color::allowed()))
}

fn readable(style: Style, ground: Option<Color>) -> Result<Style, String> {
    let (Some(fg), Some(bg)) = (style.fg, style.bg.or(ground)) else { return Ok(style) };
    match color::contrast(fg, bg) {
        Some(ratio) if ratio < UNREADABLE => Err(format!(
            "text and background can't be told apart (contrast {ratio:.1}, at least {UNREADABLE} is needed)"
        )),
        _ if style.fg == style.bg => Err("text and background are the same".to_owned()),
        _ => Ok(style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ground(text: &str) -> Color {
        if text.contains("background = \"light\"") { Color::Rgb(255, 255, 255) } else { Color::Rgb(0, 0, 0) }
    }

    #[test]
    fn every_built_in_theme_is_clean_and_the_default_sets_every_role() {
        for (name, text) in FILES {
            let (theme, problems) = parse(name, text);
            assert_eq!(problems, [], "{name}");
            assert_eq!(theme.name, name);
        }
        let parsed: File = toml::from_str(FILES[0].1).expect("default theme");
        for role in Role::ALL {
            assert!(parsed.roles.contains_key(&role_name(role)), "{} is not set", role_name(role));
        }
    }

    #[test]
    fn t13_text_is_readable_in_every_theme() {
        for (name, text) in FILES {
            let theme = built_in(name).expect("built in");
            for role in Role::ALL {
                let style = theme.style(role);
                let (Some(fg), bg) = (style.fg, style.bg.unwrap_or(ground(text))) else { continue };
                let Some(ratio) = color::contrast(fg, bg) else { continue };
                let needed = if role == Role::Border { 3.0 } else { 4.5 };
                let needed = if name == "contrast" { 7.0 } else { needed };
                assert!(ratio >= needed, "{name}: {role:?} has a contrast of {ratio:.2}");
            }
        }
    }

    #[test]
    fn t13_selection_and_severity_are_visible_without_colour() {
        let mono = built_in("mono").expect("mono");
        for role in [Role::Selection, Role::Critical, Role::Match, Role::TabActive, Role::Alert] {
            assert!(mono.style(role).add_modifier.contains(Modifier::REVERSED), "{role:?}");
        }
        for role in Role::ALL {
            assert_eq!((mono.style(role).fg, mono.style(role).bg), (None, None));
        }
    }

    #[test]
    fn f02_a_bad_theme_falls_back_role_by_role_and_says_so() {
        let text = "[roles]\nname = { fg = \"mauve\" }\ntext = { fg = \"#000000\", bg = \"#010101\" }\n\
                    good = 3\nbda = {}\nrx = { fg = \"red\", blink = true }\ncpu = { fg = \"blue\" }\n";
        let (theme, problems) = parse("mine.toml", text);
        let default = built_in("default").expect("default");
        assert_eq!(problems.len(), 5);
        for role in [Role::Name, Role::Text, Role::Good, Role::Rx] {
            assert_eq!(theme.style(role), default.style(role));
        }
        assert_eq!(theme.style(Role::Cpu).fg, Some(Color::Blue));
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(words.iter().any(|w| w.contains("role name: mauve is not a colour")), "{words:?}");
        assert!(words.iter().any(|w| w.contains("roles are")), "{words:?}");
        assert!(matches!(parse("x", "name = ").1[..], [ThemeProblem::Unreadable { .. }]));
    }
}
