//! Bytes to values, of the types that were promised, and of no others.

use super::{Kind, Value};
use alloy_primitives::{Address, B256, I256, U256};

/// Why an answer, or a log, is not what was promised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// What a node answers where there is no code, and a contract that has another function for what it does not know.
    #[error("nothing came back: there is no contract at this address, or none with this function")]
    Nothing,
    /// Not of the promised types.
    #[error("what came back is not {promised}: {why}")]
    Other {
        /// The types.
        promised: String,
        /// What does not fit.
        why: String,
    },
    /// A log with other topics.
    #[error(
        "{have} of its parameters are indexed where the signature has {promised}: write `indexed` as the contract does"
    )]
    Topics {
        /// Indexed ones of the log.
        have: usize,
        /// Those of the signature.
        promised: usize,
    },
}

/// What is read of one answer. Lists of prices are a few kilobytes.
const MOST_BYTES: usize = 64 * 1024;

/// Reads `bytes` as a sequence of `kinds`.
pub(super) fn sequence(kinds: &[&Kind], bytes: &[u8]) -> Result<Vec<Value>, Unreadable> {
    let promised = || kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let words: usize = kinds.iter().map(|kind| kind.words()).sum();
    let other = |why: String| Unreadable::Other { promised: format!("({})", promised()), why };
    if bytes.len() > MOST_BYTES {
        return Err(other(format!("it is {} bytes long, and we read {MOST_BYTES}", bytes.len())));
    }
    // A longer answer is another type's: the first word of a text, for one, would read as the number 32.
    if !kinds.iter().any(|kind| kind.is_dynamic()) && bytes.len() != 32 * words {
        return Err(other(format!("it is {} bytes long and not {}", bytes.len(), 32 * words)));
    }
    // Every value stands on bytes of its own. Who points to the same ones again and again is not read to the end.
    let mut reader = Reader { bytes, left: 8 * (bytes.len() / 32) + 64 };
    reader.sequence(kinds.iter().copied(), 0).map_err(other)
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// How many values, and words of texts, may still be read.
    left: usize,
}

impl Reader<'_> {
    /// Values in a row from `base`, from which their pointers count.
    fn sequence<'k>(&mut self, kinds: impl Iterator<Item = &'k Kind>, base: usize) -> Result<Vec<Value>, String> {
        let mut at = base;
        let mut values = Vec::new();
        for kind in kinds {
            let place = if kind.is_dynamic() { base.saturating_add(self.size(at)?) } else { at };
            values.push(self.one(kind, place)?);
            at += 32 * kind.words();
        }
        Ok(values)
    }

    fn one(&mut self, kind: &Kind, at: usize) -> Result<Value, String> {
        self.spend(1)?;
        match kind {
            Kind::Tuple(members) => self.sequence(members.iter().map(|it| &it.kind), at).map(Value::Many),
            Kind::List(element, length) => {
                let (length, from) = match length {
                    Some(length) => (*length, at),
                    None => (self.size(at)?, at.saturating_add(32)),
                };
                self.sequence(std::iter::repeat_n(&**element, length), from).map(Value::Many)
            }
            Kind::Bytes => Ok(Value::Bytes(self.packed(at)?.to_vec())),
            Kind::Text => {
                let text = std::str::from_utf8(self.packed(at)?).map_err(|_| "a text is no UTF-8")?;
                Ok(Value::Text(text.to_owned()))
            }
            Kind::Uint(_) | Kind::Int(_) | Kind::Bool | Kind::Address | Kind::Word(_) => word(kind, self.word(at)?),
        }
    }

    fn packed(&mut self, at: usize) -> Result<&[u8], String> {
        let length = self.size(at)?;
        self.spend(length / 32)?;
        let from = at.saturating_add(32);
        self.bytes.get(from..from.saturating_add(length)).ok_or_else(|| "it ends before a text does".to_owned())
    }

    /// A length, or a pointer.
    fn size(&self, at: usize) -> Result<usize, String> {
        let word = U256::from_be_bytes(self.word(at)?.0);
        usize::try_from(word)
            .ok()
            .filter(|size| *size <= self.bytes.len())
            .ok_or_else(|| "it points out of itself".to_owned())
    }

    fn word(&self, at: usize) -> Result<B256, String> {
        let bytes = self.bytes.get(at..at.saturating_add(32)).ok_or("it is too short")?;
        Ok(B256::from_slice(bytes))
    }

    fn spend(&mut self, by: usize) -> Result<(), String> {
        self.left = self.left.checked_sub(by).ok_or("it says the same bytes again and again")?;
        Ok(())
    }
}

/// One word, as an answer or a topic has it.
pub(super) fn word(kind: &Kind, word: B256) -> Result<Value, String> {
    let number = U256::from_be_bytes(word.0);
    match kind {
        Kind::Uint(bits) if number.bit_len() <= *bits => Ok(Value::Uint(number)),
        Kind::Uint(bits) => Err(format!("{number} is no uint{bits}")),
        Kind::Int(bits) => {
            let number = I256::from_raw(number);
            let fits = number.bits() as usize <= *bits;
            fits.then_some(Value::Int(number)).ok_or_else(|| format!("{number} is no int{bits}"))
        }
        Kind::Bool if number <= U256::from(1) => Ok(Value::Bool(!number.is_zero())),
        Kind::Bool => Err(format!("{number} is no bool")),
        Kind::Address if word[..12] == [0; 12] => Ok(Value::Address(Address::from_word(word))),
        Kind::Address => Err(format!("{word} is no address")),
        Kind::Word(bytes) if word[*bytes..].iter().all(|byte| *byte == 0) => Ok(Value::Word(word)),
        Kind::Word(bytes) => Err(format!("{word} is no bytes{bytes}")),
        // A topic has no room for these and holds their hash.
        Kind::Bytes | Kind::Text | Kind::Tuple(_) | Kind::List(..) => Ok(Value::Word(word)),
    }
}
