//! What a parameter can be.

use alloy_dyn_abi::DynSolType;
use std::fmt;

/// The type of a parameter, members' names kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `uint8` to `uint256`.
    Uint(usize),
    /// `int8` to `int256`.
    Int(usize),
    /// `bool`.
    Bool,
    /// `address`.
    Address,
    /// `bytes1` to `bytes32`.
    Word(usize),
    /// `bytes`.
    Bytes,
    /// `string`.
    Text,
    /// `(…)`: a struct.
    Tuple(Vec<Parameter>),
    /// `…[]`, or `…[3]` with its length.
    List(Box<Kind>, Option<usize>),
}

/// A parameter of a function or an event, an output, or a member of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; empty where none was written.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether an event carries it as a topic.
    pub indexed: bool,
}

impl Kind {
    /// Whether its value stands behind the words of its sequence, which then hold a pointer.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        match self {
            Kind::Uint(_) | Kind::Int(_) | Kind::Bool | Kind::Address | Kind::Word(_) => false,
            Kind::Bytes | Kind::Text | Kind::List(_, None) => true,
            Kind::Tuple(members) => members.iter().any(|member| member.kind.is_dynamic()),
            Kind::List(element, Some(_)) => element.is_dynamic(),
        }
    }

    /// How many words it takes where it stands: its own, or that of the pointer.
    #[must_use]
    pub fn words(&self) -> usize {
        match self {
            _ if self.is_dynamic() => 1,
            Kind::Tuple(members) => members.iter().map(|member| member.kind.words()).sum(),
            Kind::List(element, Some(length)) => element.words() * length,
            _ => 1,
        }
    }

    /// Whether a value of it can be a sample: a number, or yes and no.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Kind::Uint(_) | Kind::Int(_) | Kind::Bool)
    }

    /// Whether a topic holds the value itself, and not its hash.
    #[must_use]
    pub fn fits_a_topic(&self) -> bool {
        !matches!(self, Kind::Bytes | Kind::Text | Kind::Tuple(_) | Kind::List(..))
    }

    /// The same in the words of the library that encodes arguments.
    pub(super) fn for_encoding(&self) -> DynSolType {
        match self {
            Kind::Uint(bits) => DynSolType::Uint(*bits),
            Kind::Int(bits) => DynSolType::Int(*bits),
            Kind::Bool => DynSolType::Bool,
            Kind::Address => DynSolType::Address,
            Kind::Word(bytes) => DynSolType::FixedBytes(*bytes),
            Kind::Bytes => DynSolType::Bytes,
            Kind::Text => DynSolType::String,
            Kind::Tuple(members) => DynSolType::Tuple(members.iter().map(|it| it.kind.for_encoding()).collect()),
            Kind::List(element, None) => DynSolType::Array(Box::new(element.for_encoding())),
            Kind::List(element, Some(length)) => DynSolType::FixedArray(Box::new(element.for_encoding()), *length),
        }
    }
}

/// As signatures are hashed: no names, no spaces.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Uint(bits) => write!(f, "uint{bits}"),
            Kind::Int(bits) => write!(f, "int{bits}"),
            Kind::Bool => f.write_str("bool"),
            Kind::Address => f.write_str("address"),
            Kind::Word(bytes) => write!(f, "bytes{bytes}"),
            Kind::Bytes => f.write_str("bytes"),
            Kind::Text => f.write_str("string"),
            Kind::Tuple(members) => {
                let kinds: Vec<String> = members.iter().map(|member| member.kind.to_string()).collect();
                write!(f, "({})", kinds.join(","))
            }
            Kind::List(element, None) => write!(f, "{element}[]"),
            Kind::List(element, Some(length)) => write!(f, "{element}[{length}]"),
        }
    }
}
