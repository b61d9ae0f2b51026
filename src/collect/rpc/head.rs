//! Blocks as nodes tell them, and numbers as they write them. Pure.

use super::Failure;
use alloy_primitives::B256;
use serde::{Deserialize, Deserializer};

/// A block, as far as we look at it. News of a subscription have no transactions; everything else is the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Its height.
    #[serde(deserialize_with = "small")]
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// The hash of the block before it.
    #[serde(rename = "parentHash")]
    pub parent: B256,
    /// When it was made, in seconds since 1970, by its maker's clock.
    #[serde(deserialize_with = "small")]
    pub timestamp: u64,
    /// Its base fee in wei; a chain from before EIP-1559 has none.
    #[serde(default, rename = "baseFeePerGas", deserialize_with = "optional")]
    pub base_fee: Option<u128>,
    /// How many transactions it has.
    #[serde(default, deserialize_with = "counted")]
    pub transactions: Option<u32>,
}

/// A number as Ethereum's JSON-RPC writes it: `0x1a`.
///
/// # Errors
/// Says what it got instead.
pub fn number(text: &str) -> Result<u128, String> {
    let digits = text.strip_prefix("0x").ok_or_else(|| format!("`{}` is no hexadecimal number", short(text)))?;
    u128::from_str_radix(digits, 16).map_err(|_| format!("`{}` is no hexadecimal number", short(text)))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A whole number in the notation of JSON-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity(pub u128);

impl Quantity {
    /// The number, where it is one of 64 bits.
    ///
    /// # Errors
    /// When it is larger.
    pub fn small(self) -> Result<u64, Failure> {
        u64::try_from(self.0).map_err(|_| Failure::WrongType(format!("{} is too large a number", self.0)))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        number(&text).map(Quantity).map_err(serde::de::Error::custom)
    }
}

/// A field of 64 bits.
fn small<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let Quantity(number) = Quantity::deserialize(from)?;
    u64::try_from(number).map_err(|_| serde::de::Error::custom(format!("{number} is too large a number")))
}

fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u128>, D::Error> {
    Ok(Option::<Quantity>::deserialize(from)?.map(|Quantity(number)| number))
}

/// Counts without keeping: a block has hundreds of hashes, of which nobody reads one.
fn counted<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let all = Option::<Vec<serde::de::IgnoredAny>>::deserialize(from)?;
    Ok(all.map(|all| u32::try_from(all.len()).unwrap_or(u32::MAX)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// The block at `number` of a chain that makes one every twelve seconds.
    pub(crate) fn head(number: u64) -> Head {
        let hash = |number: u64| B256::left_padding_from(&number.to_be_bytes());
        Head {
            number,
            hash: hash(number),
            parent: hash(number.wrapping_sub(1)),
            timestamp: number * 12,
            base_fee: Some(20_000_000_000),
            transactions: Some(144),
        }
    }

    fn block() -> serde_json::Value {
        json!({
            "number": "0x10", "hash": format!("{:#066x}", 16), "parentHash": format!("{:#066x}", 15),
            "timestamp": "0x6b07b985", "baseFeePerGas": "0x4a817c800", "transactions": ["0x1", "0x2"], "size": "0x268",
        })
    }

    #[test]
    fn a_block_is_read_with_its_transactions_counted_and_news_of_one_without() {
        let mut block = block();
        let whole: Head = serde_json::from_value(block.clone()).expect("it is a block");
        assert_eq!((whole.number, whole.base_fee, whole.transactions), (16, Some(20_000_000_000), Some(2)));
        let fields = block.as_object_mut().expect("it is an object");
        fields.remove("transactions");
        fields.remove("baseFeePerGas");
        let news: Head = serde_json::from_value(block).expect("it is a block");
        assert_eq!((news.base_fee, news.transactions), (None, None));
    }

    #[test]
    fn what_is_no_block_is_refused_with_the_reason() {
        for (field, value) in [
            ("number", json!("16")),
            ("number", json!(16)),
            ("timestamp", json!("0x1ffffffffffffffff")),
            ("hash", json!("0x1")),
        ] {
            let mut block = block();
            block[field] = value;
            assert!(serde_json::from_value::<Head>(block).is_err(), "{field}");
        }
        assert_eq!(number("0x").unwrap_err(), "`0x` is no hexadecimal number");
    }
}
