//! A forgiving way to read the engine's JSON: a field that is missing, null or of the wrong type reads as absent, so
//! that one odd field never hides the rest of an answer.
//!
//! It knows no meaning of any field.

use crate::text::Outside;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// A place in an answer; the place may be empty.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(Option<&'a Value>);

impl<'a> Json<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        Json(Some(value))
    }

    /// The field `key` of an object.
    pub(super) fn at(self, key: &str) -> Json<'a> {
        Json(self.0.and_then(|value| value.get(key)))
    }

    /// True when there is nothing, or the engine's `null`.
    pub(super) fn is_absent(self) -> bool {
        self.0.is_none_or(Value::is_null)
    }

    /// Text; empty when there is none.
    pub(super) fn text(self) -> &'a str {
        self.0.and_then(Value::as_str).unwrap_or_default()
    }

    /// Text of a closed vocabulary, owned.
    pub(super) fn string(self) -> String {
        self.text().to_owned()
    }

    /// Text that is there and not empty: the engine writes an empty string for "none".
    pub(super) fn some_text(self) -> Option<&'a str> {
        Some(self.text()).filter(|text| !text.is_empty())
    }

    pub(super) fn outside(self) -> Outside {
        Outside::from(self.text())
    }

    pub(super) fn some_outside(self) -> Option<Outside> {
        self.some_text().map(Outside::from)
    }

    /// A whole number; one that does not fit is the nearest that does, anything else is none.
    pub(super) fn some_int(self) -> Option<i64> {
        let value = self.0?;
        // A float casts to the nearest integer that fits, which is what an out-of-range number should read as.
        value.as_i64().or_else(|| value.as_f64().map(|float| float as i64))
    }

    /// A whole number, 0 when there is none: the engine leaves options out that are 0.
    pub(super) fn int(self) -> i64 {
        self.some_int().unwrap_or(0)
    }

    /// A size or a count; negative ones are none.
    pub(super) fn some_count(self) -> Option<u64> {
        self.some_int().and_then(|int| u64::try_from(int).ok())
    }

    pub(super) fn flag(self) -> bool {
        self.0.and_then(Value::as_bool).unwrap_or(false)
    }

    /// Elements of a list; none for anything else.
    pub(super) fn list(self) -> impl Iterator<Item = Json<'a>> {
        self.0.and_then(Value::as_array).into_iter().flatten().map(Json::of)
    }

    /// Fields of an object in the engine's order; none for anything else.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'a str, Json<'a>)> {
        self.0.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), Json::of(value)))
    }

    /// The texts of a list.
    pub(super) fn strings(self) -> Vec<String> {
        self.list().filter_map(|item| item.0.and_then(Value::as_str)).map(str::to_owned).collect()
    }

    pub(super) fn outsides(self) -> Vec<Outside> {
        self.list().filter_map(|item| item.0.and_then(Value::as_str)).map(Outside::from).collect()
    }

    pub(super) fn string_map(self) -> BTreeMap<String, String> {
        self.fields().map(|(key, value)| (key.to_owned(), value.string())).collect()
    }

    pub(super) fn outside_map(self) -> BTreeMap<String, Outside> {
        self.fields().map(|(key, value)| (key.to_owned(), value.outside())).collect()
    }

    /// A point in time written as RFC 3339; the engine's year 1 means "never".
    pub(super) fn time(self) -> Option<Timestamp> {
        /// The first second of year 2: everything before it is the engine's zero time, in whatever zone.
        const YEAR_TWO: i64 = -62_104_060_800;
        let time: Timestamp = self.some_text()?.parse().ok()?;
        (time.as_second() >= YEAR_TWO).then_some(time)
    }
}
