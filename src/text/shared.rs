//! Texts that come many times over in equal copies (mount options, paths of evidence, names of limits): all copies share
//! one piece of memory. Two hundred containers say the same things two hundred times.

use super::Outside;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// A string that shares its memory with all others of the same text. For words of the kernel and of our own; what a
/// container may choose is [`Outside`], see [`Outside::shared`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Shared(Arc<str>);

impl Shared {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Outside {
    /// The same as `Outside::from`, for texts of which there are many equal ones.
    pub fn shared(text: &str) -> Self {
        Outside(pooled(text))
    }
}

struct Pool {
    texts: HashSet<Arc<str>>,
    /// When there are so many, those that nobody else holds are dropped.
    sweep_at: usize,
}

/// The pool is not swept below this number.
const FEW: usize = 1024;

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(|| Mutex::new(Pool { texts: HashSet::new(), sweep_at: FEW }));

impl Pool {
    fn of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        if self.texts.len() >= self.sweep_at {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.sweep_at = (2 * self.texts.len()).max(FEW);
        }
        let new: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&new));
        new
    }
}

fn pooled(text: &str) -> Arc<str> {
    // Nothing in there can panic half way.
    POOL.lock().unwrap_or_else(PoisonError::into_inner).of(text)
}

impl Default for Shared {
    fn default() -> Self {
        Shared::from("")
    }
}

impl From<&str> for Shared {
    fn from(text: &str) -> Self {
        Shared(pooled(text))
    }
}

impl From<String> for Shared {
    fn from(text: String) -> Self {
        Shared::from(text.as_str())
    }
}

impl std::ops::Deref for Shared {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Shared {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Shared {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Shared {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self.as_str(), f)
    }
}

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

impl<'de> Deserialize<'de> for Shared {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Shared::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let (a, b) = (Shared::from("rw,nosuid"), Shared::from("rw,nosuid".to_owned()));
        assert!(Arc::ptr_eq(&a.0, &b.0));
        assert_eq!(Outside::shared("rw,nosuid").raw(), "rw,nosuid");
        assert_eq!(serde_json::from_str::<Shared>("\"x\"").expect("a text"), "x");
    }

    #[test]
    fn what_nobody_holds_does_not_stay() {
        let mut pool = Pool { texts: HashSet::new(), sweep_at: 4 };
        let kept = pool.of("kept");
        for n in 0..100 * FEW {
            pool.of(&n.to_string());
            assert!(pool.texts.len() <= FEW.max(4));
        }
        assert!(Arc::ptr_eq(&kept, &pool.of("kept")));
    }
}
