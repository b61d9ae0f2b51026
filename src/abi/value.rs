//! Values as contracts give them, and what of them can be a sample, a label, or one of many.

use alloy_primitives::{Address, B256, I256, U256, keccak256};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number without a sign.
    Uint(U256),
    /// A number with one.
    Int(I256),
    /// Yes or no.
    Bool(bool),
    /// An address.
    Address(Address),
    /// `bytes1` to `bytes32`, zeros behind; or the hash of what a topic could not hold.
    Word(B256),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// The members of a struct, or the elements of a list.
    Many(Vec<Value>),
}

impl Value {
    /// The number that it is, with its last `decimals` digits behind the point; yes is 1.
    ///
    /// The nearest `f64` to the exact number: it is divided as a text, so that no digit is lost before rounding.
    #[must_use]
    pub fn number(&self, decimals: u8) -> Option<f64> {
        let digits = match self {
            Value::Uint(number) => number.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Bool(yes) => u8::from(*yes).to_string(),
            Value::Address(_) | Value::Word(_) | Value::Bytes(_) | Value::Text(_) | Value::Many(_) => return None,
        };
        format!("{digits}e-{decimals}").parse().ok()
    }

    /// How it reads as the value of a label.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Value::Uint(number) => number.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Address(address) => address.to_string(),
            Value::Text(text) => text.clone(),
            Value::Word(word) => readable(word.as_slice()).unwrap_or_else(|| word.to_string()),
            Value::Bytes(bytes) => readable(bytes).unwrap_or_else(|| alloy_primitives::hex::encode_prefixed(bytes)),
            Value::Many(values) => {
                let each: Vec<String> = values.iter().map(Value::text).collect();
                each.join(",")
            }
        }
    }

    /// What tells it from others of its kind, in eight bytes.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let hash = match self {
            Value::Address(address) => keccak256(address),
            Value::Word(word) => keccak256(word),
            Value::Bytes(bytes) => keccak256(bytes),
            Value::Uint(_) | Value::Int(_) | Value::Bool(_) | Value::Text(_) | Value::Many(_) => keccak256(self.text()),
        };
        u64::from_be_bytes(hash[..8].try_into().unwrap_or_default())
    }
}

/// Short names are often kept in a word: `bytes32("chainlink")`.
fn readable(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    (!text.is_empty() && text.chars().all(|c| !c.is_control())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the nearest number to the exact one is meant, to the last bit")]
    fn decimals_move_the_point_of_numbers_of_every_size() {
        let of =
            |text: &str, decimals| Value::Uint(text.parse().expect("a number")).number(decimals).expect("a number");
        assert_eq!(of("3350000000000000000000", 18), 3350.0);
        // 2^53 + 1 tenths: dividing the rounded number would give another neighbour.
        assert_eq!(of("9007199254740993", 1), 900_719_925_474_099.3);
        assert_eq!(of("1", 18), 1e-18);
        assert_eq!(Value::Uint(U256::MAX).number(0), Some(1.157_920_892_373_162e77));
        assert_eq!(Value::Uint(U256::MAX).number(255), Some(1.157_920_892_373_162e-178));
        assert_eq!(Value::Int(I256::MINUS_ONE).number(2), Some(-0.01));
        assert_eq!((Value::Bool(true).number(0), Value::Bool(false).number(0)), (Some(1.0), Some(0.0)));
        assert_eq!(Value::Text("7".into()).number(0), None);
    }

    #[test]
    fn a_short_name_in_a_word_is_read_as_one() {
        let mut word = B256::ZERO;
        word[..9].copy_from_slice(b"chainlink");
        assert_eq!(Value::Word(word).text(), "chainlink");
        assert!(Value::Word(B256::repeat_byte(0xff)).text().starts_with("0xffff"));
        assert!(Value::Word(B256::ZERO).text().starts_with("0x0000"));
    }
}
