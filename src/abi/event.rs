//! An event by its signature, and what its logs say.

use super::parse::signature;
use super::{Mistake, Parameter, Unreadable, Value, hash_of, read};
use alloy_primitives::B256;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its first topic.
    pub topic: B256,
    /// Its parameters, in their order.
    pub parameters: Vec<Parameter>,
}

impl Event {
    /// Reads `Mint(address indexed user, uint256 amount)`.
    ///
    /// # Errors
    /// What in the text cannot be meant.
    pub fn parse(text: &str) -> Result<Event, Mistake> {
        let signature = signature(text, "event")?;
        if let Some((word, at)) = signature.words.into_iter().next() {
            return Err(match word.as_str() {
                "anonymous" => Mistake::new(at, "an anonymous event has no topic to find it by"),
                _ => Mistake::new(at, format!("`{word}` is no word of an event")),
            });
        }
        if signature.inputs.iter().filter(|input| input.indexed).count() > 3 {
            return Err(Mistake::new(0..text.len(), "an event has three indexed parameters at most"));
        }
        let topic = B256::from(hash_of(&signature.name, &signature.inputs));
        Ok(Event { name: signature.name, topic, parameters: signature.inputs })
    }

    /// The parameters of a log of it, in their order. Of an indexed text or list there is its hash.
    ///
    /// # Errors
    /// The log has other topics, or is of other types.
    pub fn read(&self, topics: &[B256], data: &[u8]) -> Result<Vec<Value>, Unreadable> {
        let (indexed, rest): (Vec<_>, Vec<_>) = self.parameters.iter().partition(|parameter| parameter.indexed);
        let have = topics.len().saturating_sub(1);
        if have != indexed.len() {
            return Err(Unreadable::Topics { have, promised: indexed.len() });
        }
        let kinds: Vec<_> = rest.iter().map(|parameter| &parameter.kind).collect();
        let mut body = read::sequence(&kinds, data)?.into_iter();
        let mut topics = topics[1..].iter();
        let mut values = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            let value = if parameter.indexed {
                let value = topics.next().map(|topic| read::word(&parameter.kind, *topic)).transpose();
                value.map_err(|why| Unreadable::Other { promised: parameter.kind.to_string(), why })?
            } else {
                body.next()
            };
            values.extend(value);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, hex};

    #[test]
    fn events_have_the_topics_that_the_compiler_gives_them() {
        for (text, topic) in [
            ("event Paused(address account);", "62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258"),
            (
                "EmergencyModeActivated(address indexed activator, string reason)",
                "a8bfc00a82dac609a5575e0d4bf2d4f2284be6d96c469bef935e1f8319277f4b",
            ),
            // Two events of one name and other parameters are two events.
            (
                "CircuitBreakerTriggered(uint256 indexed,uint256 indexed,uint256,uint256)",
                "666c591e952a2a959442667b42f969d270acb593ac1d3f2c0b11bda6f63fa97b",
            ),
            (
                "CircuitBreakerTriggered(uint256,uint256,uint256)",
                "3d747073b9d4b08f72a3edbdb8e590c3266455bdd20cc08af18f78bb50b0adcc",
            ),
        ] {
            assert_eq!(hex::encode(Event::parse(text).expect(text).topic), topic, "{text}");
        }
        assert!(Event::parse("E(uint256) anonymous").expect_err("anonymous").said.contains("no topic"));
        assert!(
            Event::parse("E(bool indexed,bool indexed,bool indexed,bool indexed)")
                .expect_err("four")
                .said
                .contains("three")
        );
    }

    #[test]
    fn a_log_is_read_in_the_order_of_its_signature() {
        let event = Event::parse("Mint(uint256 usd, address indexed user, bool big)").expect("an event");
        let user = B256::left_padding_from(&[0xab; 20]);
        let data = [U256::from(1000).to_be_bytes::<32>(), U256::from(1).to_be_bytes()].concat();

        let values = event.read(&[event.topic, user], &data).expect("it fits");

        let address = Value::Address(alloy_primitives::Address::repeat_byte(0xab));
        assert_eq!(values, [Value::Uint(U256::from(1000)), address, Value::Bool(true)]);
        let unindexed = event.read(&[event.topic], &data).expect_err("no topic");
        assert_eq!(unindexed, Unreadable::Topics { have: 0, promised: 1 });
        assert!(event.read(&[], &data).is_err(), "not even its own topic");
        assert!(matches!(event.read(&[event.topic, user], &data[..32]), Err(Unreadable::Other { .. })));
    }
}
