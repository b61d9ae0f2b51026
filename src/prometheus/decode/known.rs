//! The series of one query, found by the text of their labels.

use crate::model::{Labels, Name, SeriesRef, SeriesTable, make_room};
use hashbrown::HashTable;
use rapidhash::RapidHashSet;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Below this many series nothing is ever forgotten: tidying up would cost more than it frees.
const WORTH_TIDYING: usize = 1024;
/// How often a word is held that one series alone has: by it, and by the set of words.
const IN_ONE_SERIES: usize = 2;

/// Two hash functions drawn when the process starts, together 128 bits: nobody outside can aim at a collision, and by
/// chance there is none. So texts are compared by hash alone, and need not be kept.
static SECRETS: LazyLock<[RapidSecrets; 2]> = LazyLock::new(|| {
    [RandomState::new(), RandomState::new()].map(|state| RapidSecrets::seed(state.hash_one("watchbell")))
});

/// What the text of a label set hashes to. Never stored beyond the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint(u64, u64);

impl Fingerprint {
    fn of(text: &[u8]) -> Self {
        let [first, second] = &*SECRETS;
        Fingerprint(rapidhash_v3_seeded(text, first), rapidhash_v3_seeded(text, second))
    }
}

/// Which texts are known to mean which series.
#[derive(Debug, Default)]
pub struct Known {
    table: SeriesTable,
    /// The texts in the order in which they were first seen, which is usually the order of every later answer.
    texts: Vec<(Fingerprint, SeriesRef)>,
    /// Where each text is among them.
    places: HashTable<u32>,
    /// Where the next text is expected. A right guess reads memory in order, which for many series is most of the cost.
    expected: usize,
    /// Names and values that many series share, kept once.
    words: RapidHashSet<Name>,
    /// How many of them there were when they were last looked through.
    shared: usize,
}

impl Known {
    /// The series found so far.
    pub fn table(&self) -> &SeriesTable {
        &self.table
    }

    /// Expects the texts of a new answer.
    pub fn begin(&mut self) {
        self.expected = 0;
    }

    /// The series whose labels `text` (a whole JSON object) gives; `None` when that is no set of labels.
    pub fn series(&mut self, text: &[u8]) -> Option<SeriesRef> {
        let print = Fingerprint::of(text);
        let guess = self.texts.get(self.expected).filter(|(known, _)| *known == print);
        if let Some((_, series)) = guess {
            self.expected += 1;
            return Some(*series);
        }
        let found = self.places.find(print.0, |place| self.texts[*place as usize].0 == print);
        let Some(place) = found.map(|place| *place as usize) else { return self.learn(print, text) };
        self.expected = place + 1;
        Some(self.texts[place].1)
    }

    /// The series without labels, which a scalar belongs to.
    pub fn unlabelled(&mut self) -> SeriesRef {
        self.table.intern(Labels::empty())
    }

    /// Begins anew when more than half of what is known was not among the `alive` series of the last answer.
    pub fn forget_the_dead(&mut self, alive: usize) {
        if self.table.len() > WORTH_TIDYING.max(2 * alive) {
            self.table.clear();
            self.words.clear();
            self.shared = 0;
            self.forget_the_texts();
        } else if self.texts.len() > WORTH_TIDYING.max(4 * self.table.len()) {
            // One label set in ever new spellings: the texts go, the series stay.
            self.forget_the_texts();
        }
    }

    /// An answer has been read. Where many words are new, only those are kept that several series share: of those that one alone
    /// has, such as the name of a pod, there are as many as series, and finding them again would spare nothing.
    pub fn end(&mut self) {
        if self.words.len() <= WORTH_TIDYING.max(2 * self.shared) {
            return;
        }
        self.words.retain(|word| Name::strong_count(word).is_none_or(|count| count > IN_ONE_SERIES));
        self.words.shrink_to_fit();
        self.shared = self.words.len();
    }

    fn forget_the_texts(&mut self) {
        self.texts.clear();
        self.places.clear();
    }

    /// Reads a text that was never seen. Two spellings of one label set become one series.
    #[cold]
    fn learn(&mut self, print: Fingerprint, text: &[u8]) -> Option<SeriesRef> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let pairs = reader.deserialize_map(Pairs).ok()?;
        reader.end().ok()?;
        let labels =
            Labels::new(pairs.iter().map(|(name, value)| (self.word(name), self.word(value))).collect::<Vec<_>>());
        let series = self.table.intern(labels);
        let place = u32::try_from(self.texts.len()).ok()?;
        make_room(&mut self.texts);
        self.texts.push((print, series));
        self.places.insert_unique(print.0, place, |place| self.texts[*place as usize].0.0);
        self.expected = self.texts.len();
        Some(series)
    }

    fn word(&mut self, text: &str) -> Name {
        if let Some(known) = self.words.get(text) {
            return known.clone();
        }
        let word = Name::from(text);
        self.words.insert(word.clone());
        word
    }
}

/// Reads a JSON object of strings, in its order.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(Cow<'de, str>, Cow<'de, str>)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of label names and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Text(name), Text(value))) = map.next_entry()? {
            pairs.push((name, value));
        }
        Ok(pairs)
    }
}

/// A string that is borrowed where the JSON has no escapes; serde alone would always copy it.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(known: &mut Known, pods: std::ops::Range<usize>) {
        known.begin();
        for pod in pods {
            known.series(format!(r#"{{"job":"node","pod":"checkout-{pod}"}}"#).as_bytes()).unwrap();
        }
        known.end();
    }

    #[test]
    fn words_that_many_series_share_are_kept_once_and_those_of_one_series_nowhere_but_there() {
        let mut known = Known::default();
        pods(&mut known, 0..2_000);
        let mut words: Vec<&str> = known.words.iter().map(|word| &**word).collect();
        words.sort_unstable();
        // The names are in the list that their sets share.
        assert_eq!(words, ["node"]);

        pods(&mut known, 2_000..2_001);
        let value = |series, name| known.table().labels(SeriesRef(series)).find(name).unwrap();
        assert!(Name::ptr_eq(value(0, "job"), value(2_000, "job")));
        assert_eq!(value(2_000, "pod"), "checkout-2000");
    }
}
