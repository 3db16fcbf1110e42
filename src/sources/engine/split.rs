//! Cuts streams of JSON into items as the bytes arrive: the elements of one list, or one document a line. Memory is
//! bounded by the largest item that is wanted, whatever the length of the whole.
//!
//! It knows no field of any item.

/// How an item of a list came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The whole text of an element.
    Whole(Vec<u8>),
    /// An element larger than the bound: its first bytes, and its length.
    Head(Vec<u8>, u64),
}

/// Bytes kept of an element that is too large: enough for the id it begins with.
const HEAD: usize = 4096;

/// Splits the elements of a JSON list. Strings and escapes are respected, nesting is only counted, so that no depth
/// can exhaust a stack.
#[derive(Debug)]
pub struct ItemSplitter {
    limit: usize,
    depth: u64,
    in_string: bool,
    escaped: bool,
    state: Place,
    item: Vec<u8>,
    length: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    After,
    /// Not a list: `null` or something else.
    Other,
}

impl ItemSplitter {
    /// A splitter that keeps elements of at most `limit` bytes whole.
    pub fn new(limit: usize) -> Self {
        ItemSplitter {
            limit,
            depth: 0,
            in_string: false,
            escaped: false,
            state: Place::Before,
            item: Vec::new(),
            length: 0,
        }
    }

    /// Takes bytes as they arrive and gives the elements that they complete.
    pub fn push(&mut self, bytes: &[u8], mut found: impl FnMut(Item)) {
        for &byte in bytes {
            match self.state {
                Place::Before if byte.is_ascii_whitespace() => {}
                Place::Before if byte == b'[' => self.state = Place::Inside,
                Place::Before => {
                    self.state = Place::Other;
                    self.keep(byte);
                }
                Place::Other => self.keep(byte),
                Place::After => {}
                Place::Inside => self.inside(byte, &mut found),
            }
        }
    }

    /// True when the list was there and closed, or was the engine's `null`: only then is the list the whole list.
    pub fn is_complete(&self) -> bool {
        match self.state {
            Place::After => true,
            Place::Other => self.item.trim_ascii() == b"null",
            _ => false,
        }
    }

    fn inside(&mut self, byte: u8, found: &mut impl FnMut(Item)) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b',' if self.depth == 0 => self.give(found),
            b']' if self.depth == 0 => {
                self.give(found);
                self.state = Place::After;
            }
            _ => {
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        self.length += 1;
        if self.length <= self.limit as u64 {
            self.item.push(byte);
        } else if self.item.len() > HEAD {
            self.item.truncate(HEAD);
            self.item.shrink_to_fit();
        }
    }

    fn give(&mut self, found: &mut impl FnMut(Item)) {
        let item = std::mem::take(&mut self.item);
        let length = std::mem::take(&mut self.length);
        if length > self.limit as u64 {
            found(Item::Head(item, length));
        } else if !item.trim_ascii().is_empty() {
            found(Item::Whole(item));
        }
    }
}

/// Splits lines; one that is longer than the bound is dropped and counted.
#[derive(Debug)]
pub struct LineSplitter {
    limit: usize,
    line: Vec<u8>,
    is_over: bool,
    /// Lines dropped so far.
    pub dropped: u64,
}

impl LineSplitter {
    /// A splitter of lines of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        LineSplitter { limit, line: Vec::new(), is_over: false, dropped: 0 }
    }

    /// Takes bytes as they arrive and gives the lines that they complete, without the line feed.
    pub fn push(&mut self, bytes: &[u8], mut found: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (body, ends) = match piece.split_last() {
                Some((b'\n', body)) => (body, true),
                _ => (piece, false),
            };
            if self.line.len() + body.len() > self.limit {
                self.is_over = true;
                self.line.clear();
            }
            if !self.is_over {
                self.line.extend_from_slice(body);
            }
            if ends {
                if self.is_over {
                    self.dropped += 1;
                } else {
                    found(&self.line);
                }
                self.line.clear();
                self.is_over = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &[u8], step: usize, limit: usize) -> (Vec<Item>, bool) {
        let mut splitter = ItemSplitter::new(limit);
        let mut items = Vec::new();
        for chunk in text.chunks(step.max(1)) {
            splitter.push(chunk, |item| items.push(item));
        }
        (items, splitter.is_complete())
    }

    #[test]
    fn e06_a_list_that_is_cut_is_not_a_list() {
        let text = br#" [ {"a":"],\"["}, [1,2] , 3 ] "#;
        let (items, is_complete) = split(text, 1, 100);
        assert!(is_complete);
        assert_eq!(items.len(), 3);
        let (items, is_complete) = split(&text[..17], 3, 100);
        assert!(!is_complete);
        assert_eq!(items.len(), 1);
    }

    #[test]
    fn e07_null_is_an_empty_list_and_an_object_is_none() {
        assert_eq!(split(b"null\n", 2, 100), (vec![], true));
        assert_eq!(split(b"[]", 2, 100), (vec![], true));
        assert!(!split(b"{}", 2, 100).1);
    }

    #[test]
    fn e13_one_huge_item_does_not_cost_its_size() {
        let mut text = br#"[{"Id":"abc","Labels":{"x":""#.to_vec();
        text.extend(std::iter::repeat_n(b'x', 1_000_000));
        text.extend_from_slice(br#""}},{"Id":"def"}]"#);
        let (items, is_complete) = split(&text, 65_536, 10_000);
        assert!(is_complete);
        assert!(matches!(&items[0], Item::Head(head, n) if *n > 1_000_000 && head.starts_with(br#"{"Id":"abc""#)));
        assert_eq!(items[1], Item::Whole(br#"{"Id":"def"}"#.to_vec()));
    }

    #[test]
    fn a_line_too_long_is_counted_and_the_next_is_read() {
        let mut splitter = LineSplitter::new(4);
        let mut lines = Vec::new();
        for chunk in [&b"ab\ncdef"[..], b"gh\ni", b"j\n"] {
            splitter.push(chunk, |line| lines.push(line.to_vec()));
        }
        assert_eq!(lines, [b"ab".to_vec(), b"ij".to_vec()]);
        assert_eq!(splitter.dropped, 1);
    }

    proptest! {
        #[test]
        fn the_way_the_bytes_arrive_changes_nothing(text in proptest::collection::vec(any::<u8>(), 0..300), step in 1usize..40) {
            prop_assert_eq!(split(&text, step, 50), split(&text, 1000, 50));
        }

        #[test]
        fn elements_of_any_list_come_back(values in proptest::collection::vec("[\\PC\"\\\\]{0,20}", 0..8)) {
            let text = serde_json::to_vec(&values).expect("serialises");
            let (items, is_complete) = split(&text, 7, 1000);
            prop_assert!(is_complete);
            let back: Vec<String> = items.iter().map(|item| match item {
                Item::Whole(bytes) => serde_json::from_slice(bytes).expect("an element"),
                Item::Head(..) => unreachable!("nothing is that large"),
            }).collect();
            prop_assert_eq!(back, values);
        }
    }
}
