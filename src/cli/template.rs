//! Format strings as docker's `--format` takes them: `{{.Name}}\t{{.CPUPerc}}`, `table …`, `json`. A subset of Go
//! templates: fields, `{{json .}}`, `{{json .Field}}`, and the functions `upper`, `lower` and `json` also behind a pipe.
//! It must not know which fields there are.

use std::fmt::Write as _;

/// How output was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// The table of the command.
    Table,
    /// One JSON object a line.
    Json,
    /// A line a row by this template.
    Lines(Template),
    /// A table whose columns are the tab-separated parts of this template.
    Columns(Template),
}

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A field, or the whole row when the name is empty, with the functions applied in order.
    Field {
        name: String,
        at: usize,
        functions: Vec<Function>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Json,
    Upper,
    Lower,
}

/// Why a template can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `{{` without `}}`.
    #[error("template: at {0}: `{{{{` without `}}}}`")]
    Unclosed(usize),
    /// Something in braces that is no field and no known function.
    #[error("template: at {0}: `{1}` is not understood; use {{{{.Field}}}}, {{{{json .}}}} or {{{{upper .Field}}}}")]
    NotUnderstood(usize, String),
    /// A field the row does not have.
    #[error("template: at {at}: there is no field `{name}`; there are {known}")]
    NoField {
        /// Position, in characters from 1.
        at: usize,
        /// The name.
        name: String,
        /// The fields there are.
        known: String,
    },
}

/// What a template reads.
pub trait Fields {
    /// The text of a field; none when there is no such field.
    fn field(&self, name: &str) -> Option<String>;
    /// The whole row as one JSON object.
    fn json(&self) -> String;
    /// Names of all fields, for the error that names them.
    fn names(&self) -> Vec<&'static str>;
}

impl Format {
    /// Reads a `--format` value: `table`, `json`, `table TEMPLATE`, or a template.
    ///
    /// # Errors
    /// When the template can't be parsed; the position is that in the text after the word `table`.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        match text.trim() {
            "" | "table" => return Ok(Format::Table),
            "json" => return Ok(Format::Json),
            _ => {}
        }
        match text.strip_prefix("table ") {
            Some(rest) => Ok(Format::Columns(Template::parse(rest.trim_start())?)),
            None => Ok(Format::Lines(Template::parse(text)?)),
        }
    }
}

impl Template {
    /// Parses a template. `\t`, `\n` and `\\` outside braces stand for a tab, a line feed and a backslash.
    ///
    /// # Errors
    /// [`TemplateError::Unclosed`] and [`TemplateError::NotUnderstood`], with the position in characters from 1.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut at = 1;
        while let Some(start) = rest.find("{{") {
            let (before, inside) = rest.split_at(start);
            push_text(&mut parts, before);
            at += before.chars().count();
            let end = inside.find("}}").ok_or(TemplateError::Unclosed(at))?;
            parts.push(parse_action(&inside[2..end], at)?);
            at += inside[..end + 2].chars().count();
            rest = &inside[end + 2..];
        }
        push_text(&mut parts, rest);
        Ok(Template { parts })
    }

    /// Fills the template from a row.
    ///
    /// # Errors
    /// [`TemplateError::NoField`].
    pub fn fill(&self, row: &impl Fields) -> Result<String, TemplateError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field { name, at, functions } => {
                    let value = match name.as_str() {
                        "" => row.json(),
                        name => row.field(name).ok_or_else(|| TemplateError::NoField {
                            at: *at,
                            name: name.to_owned(),
                            known: row.names().join(", "),
                        })?,
                    };
                    // The whole row is JSON already; `json` has nothing left to do.
                    let functions = functions.iter().skip(usize::from(name.is_empty()));
                    out.push_str(&functions.fold(value, |value, function| apply(*function, &value)));
                }
            }
        }
        Ok(out)
    }
}

fn apply(function: Function, value: &str) -> String {
    match function {
        Function::Upper => value.to_uppercase(),
        Function::Lower => value.to_lowercase(),
        Function::Json => super::json::text(&value),
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(next @ ('t' | 'n' | 'r' | '\\'))) => {
                chars.next();
                let _ = out.write_char(match next {
                    't' => '\t',
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                });
            }
            (c, _) => out.push(c),
        }
    }
    if !out.is_empty() {
        parts.push(Part::Text(out));
    }
}

/// `.Name`, `json .`, `json .Name`, `upper .Name`, `.Name | upper | json`.
fn parse_action(action: &str, at: usize) -> Result<Part, TemplateError> {
    let wrong = || TemplateError::NotUnderstood(at, action.trim().to_owned());
    let function = |word: &str| match word {
        "json" => Some(Function::Json),
        "upper" => Some(Function::Upper),
        "lower" => Some(Function::Lower),
        _ => None,
    };
    let mut pipe = action.split('|').map(str::trim);
    let mut words = pipe.next().ok_or_else(wrong)?.split_whitespace();
    let mut functions = Vec::new();
    let first = words.next().ok_or_else(wrong)?;
    let field = match function(first) {
        Some(f) => {
            functions.push(f);
            words.next().ok_or_else(wrong)?
        }
        None => first,
    };
    let name = field.strip_prefix('.').ok_or_else(wrong)?;
    if words.next().is_some() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(wrong());
    }
    for step in pipe {
        functions.push(function(step).ok_or_else(wrong)?);
    }
    if name.is_empty() && functions.first() != Some(&Function::Json) {
        return Err(wrong());
    }
    Ok(Part::Field { name: name.to_owned(), at, functions })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row;

    impl Fields for Row {
        fn field(&self, name: &str) -> Option<String> {
            (name == "Name").then(|| "We\"b".to_owned())
        }
        fn json(&self) -> String {
            "{}".to_owned()
        }
        fn names(&self) -> Vec<&'static str> {
            vec!["Name"]
        }
    }

    fn filled(text: &str) -> String {
        Template::parse(text).expect("parses").fill(&Row).expect("fills")
    }

    #[test]
    fn templates_read_as_dockers_do() {
        assert_eq!(filled(r"a\t{{.Name}}\n{{ .Name | upper }}"), "a\tWe\"b\nWE\"B");
        assert_eq!(filled("{{json .Name}} {{lower .Name}}"), "\"We\\\"b\" we\"b");
        assert_eq!(filled("{{json .}}"), "{}");
        assert_eq!(filled("{{.Name|lower|json}}"), "\"we\\\"b\"");
        assert_eq!(filled(r"\x \\ é"), r"\x \ é");
    }

    #[test]
    fn errors_name_the_position() {
        assert_eq!(Template::parse("é{{.Name"), Err(TemplateError::Unclosed(2)));
        for (text, at) in
            [("ab{{Name}}", 3), ("{{}}", 1), ("{{upper}}", 1), ("{{.A b}}", 1), ("{{.}}", 1), ("{{.A | x}}", 1)]
        {
            let Err(TemplateError::NotUnderstood(found, _)) = Template::parse(text) else { panic!("{text}") };
            assert_eq!(found, at, "{text}");
        }
        let error = Template::parse("{{.Name}}{{.Nope}}").expect("parses").fill(&Row).expect_err("no field");
        assert!(error.to_string().contains("at 10") && error.to_string().contains("Nope"), "{error}");
    }

    #[test]
    fn the_word_table_makes_columns() {
        assert_eq!(Format::parse("table"), Ok(Format::Table));
        assert_eq!(Format::parse("json"), Ok(Format::Json));
        assert!(matches!(Format::parse("table {{.Name}}"), Ok(Format::Columns(_))));
        assert!(matches!(Format::parse("{{.Name}}"), Ok(Format::Lines(_))));
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_says_why(text in ".{0,60}", braces in "[{}.|a-z \\\\]{0,40}") {
            for text in [text, braces] {
                if let Ok(template) = Template::parse(&text) {
                    let _ = template.fill(&Row);
                }
            }
        }
    }
}
