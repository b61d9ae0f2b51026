//! Why a contract refused: its reason, as far as the node passes it on.

use super::{Mistake, hash_of, parse::signature, read};
use alloy_primitives::{U256, hex};
use std::fmt;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revert {
    /// Without a reason.
    Bare,
    /// `require(…, "text")`.
    Text(String),
    /// The compiler's own: an overflow, a division by zero, an index out of bounds.
    Panic(u64),
    /// An error with a name and parameters, by its first four bytes.
    Custom([u8; 4]),
}

impl Revert {
    /// What a node's error says of it; `None` where it speaks of something else than a refusal.
    ///
    /// Nodes differ: most pass the bytes on in `data`, some a layer deeper, and some say the reason in their message only.
    #[must_use]
    pub fn of_error(message: &str, data: Option<&serde_json::Value>) -> Option<Revert> {
        if let Some(bytes) = data.and_then(bytes_in) {
            return Some(Revert::of_bytes(&bytes));
        }
        let told = &message[message.find("revert")?..];
        let reason = told.split_once("reason string ").or_else(|| told.split_once(": "));
        let reason = reason.map_or("", |(_, reason)| reason.trim().trim_matches('\''));
        Some(if reason.is_empty() { Revert::Bare } else { Revert::Text(reason.to_owned()) })
    }

    /// What the bytes say.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Revert {
        let Some((selector, rest)) = bytes.split_first_chunk::<4>() else { return Revert::Bare };
        match selector {
            [0x08, 0xc3, 0x79, 0xa0] => match read::sequence(&[&super::Kind::Text], rest).as_deref() {
                Ok([super::Value::Text(text)]) => Revert::Text(text.clone()),
                _ => Revert::Custom(*selector),
            },
            [0x4e, 0x48, 0x7b, 0x71] if rest.len() == 32 => {
                Revert::Panic(U256::from_be_slice(rest).saturating_to::<u64>())
            }
            _ => Revert::Custom(*selector),
        }
    }
}

/// Hex below `data`, `data.data` or `data.result`, also behind words as `Reverted 0x…`.
fn bytes_in(data: &serde_json::Value) -> Option<Vec<u8>> {
    match data {
        serde_json::Value::String(text) => hex::decode(&text[text.find("0x")?..]).ok(),
        serde_json::Value::Object(fields) => ["data", "result"].iter().find_map(|key| bytes_in(fields.get(*key)?)),
        _ => None,
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Revert::Bare => f.write_str("refused without a reason"),
            // It is the contract's word, and may be long or hostile.
            Revert::Text(text) => write!(f, "refused: {:?}", text.chars().take(200).collect::<String>()),
            Revert::Panic(0x11) => f.write_str("refused: an overflow (panic 0x11)"),
            Revert::Panic(0x12) => f.write_str("refused: a division by zero (panic 0x12)"),
            Revert::Panic(0x32) => f.write_str("refused: an index out of bounds (panic 0x32)"),
            Revert::Panic(code) => write!(f, "refused: panic {code:#x}"),
            Revert::Custom(selector) => match known(*selector) {
                Some(name) => write!(f, "refused with the error {name}"),
                None => write!(f, "refused with the error {}", hex::encode_prefixed(selector)),
            },
        }
    }
}

/// How widely used libraries refuse whoever may not.
const ERRORS: [&str; 8] = [
    // OpenZeppelin 5.
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "AccessControlBadConfirmation()",
    "OwnableUnauthorizedAccount(address)",
    "AccessManagedUnauthorized(address)",
    "AccessManagerUnauthorizedAccount(address,uint64)",
    // Solady, and what many write themselves.
    "Unauthorized()",
    "NotOwner()",
    "OnlyOwner()",
];
/// How the texts of such refusals begin: `OpenZeppelin` 4, Solmate.
const TEXTS: [&str; 4] = [
    "AccessControl: ",
    "Ownable: caller is not the owner",
    "TimelockController: sender requires permission",
    "UNAUTHORIZED",
];

fn known(selector: [u8; 4]) -> Option<&'static str> {
    ERRORS.into_iter().find(|text| selector_of(text).ok() == Some(selector))
}

fn selector_of(text: &str) -> Result<[u8; 4], Mistake> {
    let error = signature(text, "error")?;
    let [a, b, c, d, ..] = hash_of(&error.name, &error.inputs);
    Ok([a, b, c, d])
}

/// Which refusals mean that the caller may not: those of widely used libraries, and a contract's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denied {
    selectors: Vec<[u8; 4]>,
    texts: Vec<String>,
}

impl Denied {
    /// The libraries' ones.
    #[must_use]
    pub fn of_libraries() -> Denied {
        let selectors = ERRORS.iter().filter_map(|text| selector_of(text).ok()).collect();
        Denied { selectors, texts: TEXTS.map(str::to_owned).to_vec() }
    }

    /// Another one: an error's signature, where there are parentheses, or how a text begins.
    ///
    /// # Errors
    /// What in the signature cannot be meant.
    pub fn and(mut self, own: &str) -> Result<Denied, Mistake> {
        if own.ends_with(')') {
            self.selectors.push(selector_of(own)?);
        } else {
            self.texts.push(own.to_owned());
        }
        Ok(self)
    }

    /// Whether `revert` is one of them.
    #[must_use]
    pub fn knows(&self, revert: &Revert) -> bool {
        match revert {
            Revert::Text(text) => self.texts.iter().any(|begin| text.starts_with(begin.as_str())),
            Revert::Custom(selector) => self.selectors.contains(selector),
            Revert::Bare | Revert::Panic(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OZ4: &str = "AccessControl: account 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 is missing role 0x65d7";

    fn error_text(text: &str) -> String {
        let length = format!("{:0>64x}", text.len());
        let body = hex::encode(text);
        let width = body.len().div_ceil(64) * 64;
        format!("0x08c379a0{:0>64}{length}{body:0<width$}", "20")
    }

    #[test]
    fn a_refusal_is_told_from_what_each_node_says_of_it() {
        let text = json!(error_text("Pausable: paused"));
        for (message, data, told) in [
            // anvil, hardhat, geth
            ("execution reverted: Pausable: paused", Some(text.clone()), "refused: \"Pausable: paused\""),
            ("execution reverted", Some(json!("0x28771d91")), "refused with the error 0x28771d91"),
            ("execution reverted", Some(json!("0x")), "refused without a reason"),
            ("reverted", Some(json!(format!("0x4e487b71{:0>64}", "12"))), "refused: a division by zero (panic 0x12)"),
            (
                "reverted",
                Some(json!(format!("0xe2517d3f{:0>128}", "1"))),
                "refused with the error AccessControlUnauthorizedAccount(address,bytes32)",
            ),
            // hardhat and ganache, a layer deeper; OpenEthereum, behind a word
            ("VM Exception", Some(json!({ "message": "x", "data": text })), "refused: \"Pausable: paused\""),
            ("VM Exception", Some(json!({ "result": error_text("no") })), "refused: \"no\""),
            ("VM execution error.", Some(json!("Reverted 0x28771d91")), "refused with the error 0x28771d91"),
            // The reason in words only.
            ("execution reverted: PAUSED", None, "refused: \"PAUSED\""),
            ("VM Exception while processing transaction: reverted with reason string 'no'", None, "refused: \"no\""),
        ] {
            let revert = Revert::of_error(message, data.as_ref()).unwrap_or_else(|| panic!("{message}"));
            assert_eq!(revert.to_string(), told, "{message}");
        }
        assert_eq!(Revert::of_error("execution reverted", None), Some(Revert::Bare));
        for message in ["header not found", "missing trie node 12ab (path )", "out of gas", "limit exceeded"] {
            assert_eq!(Revert::of_error(message, None), None, "{message}");
        }
    }

    #[test]
    fn a_caller_who_may_not_is_told_from_one_who_did_something_else_wrong() {
        let denied = Denied::of_libraries();
        let bytes = |hex: &str| Revert::of_bytes(&hex::decode(hex).expect("hex"));
        assert!(denied.knows(&Revert::Text(OZ4.into())));
        assert!(denied.knows(&bytes("0xe2517d3f")), "OpenZeppelin 5");
        assert!(denied.knows(&bytes("0x118cdaa7")), "OwnableUnauthorizedAccount");
        assert!(denied.knows(&bytes("0x82b42900")), "Unauthorized");
        assert!(!denied.knows(&bytes("0x28771d91")), "PriceStale");
        assert!(!denied.knows(&Revert::Text("Pausable: paused".into())));
        assert!(!denied.knows(&Revert::Bare) && !denied.knows(&Revert::Panic(0x11)));

        let own = denied.and("PriceStale()").and_then(|it| it.and("not a keeper")).expect("good");
        assert!(own.knows(&bytes("0x28771d91")) && own.knows(&Revert::Text("not a keeper: 7".into())));
        assert!(Denied::default().and("Bad(uint7)").is_err());
    }

    #[test]
    fn hostile_bytes_are_some_refusal() {
        assert_eq!(Revert::of_bytes(&[]), Revert::Bare);
        assert_eq!(Revert::of_bytes(&[1, 2, 3]), Revert::Bare);
        assert_eq!(Revert::of_bytes(&[0x08, 0xc3, 0x79, 0xa0, 9]), Revert::Custom([0x08, 0xc3, 0x79, 0xa0]));
        let long = Revert::Text("x\n".repeat(10_000)).to_string();
        assert!(long.len() < 600 && !long.contains('\n'), "{}", long.len());
    }
}
