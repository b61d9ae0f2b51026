//! What an answer says a price is.

use super::Trouble;
use crate::abi::{Place, Value};
use crate::config::collect::{Feed, Listed};
use crate::model::Name;

/// How far ahead of the clock a price may be stamped: as far as blocks may.
const MOST_AHEAD_SECONDS: f64 = 15.0 * 60.0;

/// A price, and when it was made.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::collect) struct Price {
    pub(in crate::collect) value: f64,
    /// In seconds since 1970.
    pub(in crate::collect) timestamp: f64,
    /// In per cent.
    pub(super) confidence: Option<f64>,
}

impl Price {
    /// The same, unless it is stamped later than any clock that is a little wrong explains: such a price would be fresh for
    /// ever.
    pub(in crate::collect) fn of_its_time(self, now: u64) -> Result<Price, Trouble> {
        #[expect(clippy::cast_precision_loss, reason = "a time of this age")]
        let ahead = self.timestamp - now as f64;
        if ahead <= MOST_AHEAD_SECONDS {
            return Ok(self);
        }
        Err(Trouble::new(
            "implausible",
            format!("its price is stamped {ahead:.0} s ahead of the clock: is it in seconds?"),
        ))
    }

    /// How old it is. One that is a little ahead is as young as can be.
    #[expect(clippy::cast_precision_loss, reason = "a time of this age")]
    pub(in crate::collect) fn age(&self, now: u64) -> f64 {
        (now as f64 - self.timestamp).max(0.0)
    }
}

/// The price of a feed.
pub(in crate::collect) fn of_feed(feed: &Feed, values: &[Value]) -> Result<Price, Trouble> {
    made(values, &feed.price, feed.decimals, &feed.timestamp, None)
}

/// The prices in a list, by the names of their sources. Of two with one name the newer counts.
pub(super) fn of_list(listed: &Listed, values: &[Value]) -> Vec<(Name, Result<Price, Trouble>)> {
    let Some(Value::Many(entries)) = listed.list.of(values) else { return Vec::new() };
    let mut all: Vec<(Name, Result<Price, Trouble>)> = Vec::new();
    for entry in entries {
        let Value::Many(members) = entry else { continue };
        let confidence = listed.confidence.as_ref().map(|place| (place, listed.confidence_decimals));
        let price = made(members, &listed.price, listed.decimals, &listed.timestamp, confidence);
        let name = listed.name.of(members).map(Value::text).unwrap_or_default();
        // It becomes a label, and is the contract's word.
        let name: Name = name.chars().take(64).collect::<String>().as_str().into();
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if is_newer(&price, known) => *known = price,
            Some(_) => {}
            None => all.push((name, price)),
        }
    }
    all
}

fn is_newer(price: &Result<Price, Trouble>, known: &Result<Price, Trouble>) -> bool {
    match (price, known) {
        (Ok(price), Ok(known)) => price.timestamp > known.timestamp,
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}

/// Contracts say 0 before there is a first price, and a price of nothing, or less, is none.
fn made(
    values: &[Value],
    price: &Place,
    decimals: u8,
    timestamp: &Place,
    confidence: Option<(&Place, u8)>,
) -> Result<Price, Trouble> {
    let number = |place: &Place, decimals| place.of(values).and_then(|value| value.number(decimals));
    let (Some(value), Some(timestamp)) = (number(price, decimals), number(timestamp, 0)) else {
        return Err(Trouble::new("wrong_type", "the price or its time is no number"));
    };
    if timestamp <= 0.0 {
        return Err(Trouble::new("no_price", "there was no first price yet"));
    }
    if value <= 0.0 {
        return Err(Trouble::new("no_price", format!("it says that the price is {value}")));
    }
    let confidence = confidence.and_then(|(place, decimals)| number(place, decimals));
    Ok(Price { value, timestamp, confidence })
}

/// The largest difference between two prices, in per cent of their median; of fewer than two there is none.
pub(super) fn deviation(prices: &[f64]) -> Option<f64> {
    let mut sorted = prices.to_vec();
    sorted.sort_by(f64::total_cmp);
    let [lowest, .., highest] = sorted.as_slice() else { return None };
    let middle = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
    Some((highest - lowest) / median * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Call;
    use alloy_primitives::{I256, U256};

    fn uint(number: u128) -> Value {
        Value::Uint(U256::from(number))
    }

    fn feed(signature: &str, price: &str, timestamp: &str) -> Feed {
        let call = Call::parse(signature).expect("a signature");
        let place = |name| Place::named(&call.outputs, name).expect("there");
        Feed {
            address: alloy_primitives::Address::ZERO,
            price: place(price),
            timestamp: place(timestamp),
            decimals: 8,
            call,
        }
    }

    #[test]
    fn a_price_has_its_age_and_what_was_never_set_is_none() {
        let feed =
            feed("latestRoundData() returns (uint80 round, int256 answer, uint256 updatedAt)", "answer", "updatedAt");
        let of = |answer: i64, at: u128| {
            let answer = Value::Int(I256::try_from(answer).expect("small"));
            of_feed(&feed, &[uint(1), answer, uint(at)]).map_err(|trouble| trouble.reason)
        };
        let price = of(335_012_000_000, 1_000).expect("a price");
        assert!((price.value - 3350.12).abs() < 1e-9 && (price.age(1_060) - 60.0).abs() < 1e-9);
        assert!(price.age(900).abs() < 1e-9, "one of the future is young");
        for (answer, at) in [(0, 0), (7, 0), (0, 1_000), (-7, 1_000)] {
            assert_eq!(of(answer, at), Err("no_price"), "{answer} {at}");
        }
    }

    #[test]
    fn of_two_prices_of_one_source_the_newer_counts() {
        let call =
            Call::parse("all() returns ((uint256 price, uint256 timestamp, uint256 confidence, string source)[])")
                .expect("good");
        let crate::abi::Kind::List(element, _) = &call.outputs[0].kind else { panic!("a list") };
        let crate::abi::Kind::Tuple(members) = &**element else { panic!("of structs") };
        let place = |name| Place::named(members, name).expect("there");
        let (price, timestamp, name) = (place("price"), place("timestamp"), place("source"));
        let (list, confidence) = (Place::only(&call.outputs).expect("one"), Some(place("confidence")));
        let listed = Listed {
            list,
            price,
            timestamp,
            confidence,
            name,
            decimals: 0,
            confidence_decimals: 2,
            expected: vec![],
            call,
        };
        let entry =
            |price, at, source: &str| Value::Many(vec![uint(price), uint(at), uint(9_550), Value::Text(source.into())]);

        let found = of_list(
            &listed,
            &[Value::Many(vec![entry(5, 10, "a"), entry(6, 20, "a"), entry(7, 15, "a"), entry(0, 9, "b")])],
        );

        let told: Vec<_> = found
            .iter()
            .map(|(name, price)| (name.as_ref(), price.as_ref().map(|it| it.value).map_err(|it| it.reason)))
            .collect();
        assert_eq!(told, [("a", Ok(6.0)), ("b", Err("no_price"))]);
        assert_eq!(found[0].1.as_ref().expect("a price").confidence, Some(95.5));
    }

    #[test]
    fn a_price_that_is_stamped_far_ahead_is_none_and_one_a_little_ahead_is_young() {
        let price = |timestamp| Price { value: 3350.0, timestamp, confidence: None };
        let at = |timestamp| price(timestamp).of_its_time(1_000).map(|price| price.age(1_000)).map_err(|it| it.reason);
        assert_eq!(at(1_900.0), Ok(0.0));
        assert_eq!(at(1_901.0), Err("implausible"));
        assert_eq!(at(1e77), Err("implausible"));
    }

    #[test]
    fn deviation_is_the_largest_difference_of_the_median() {
        assert_eq!(deviation(&[]), None);
        assert_eq!(deviation(&[3350.0]), None);
        assert!((deviation(&[100.0, 104.0]).expect("two") - 4.0 / 102.0 * 100.0).abs() < 1e-9);
        assert!((deviation(&[90.0, 100.0, 120.0]).expect("three") - 30.0).abs() < 1e-9);
    }
}
