//! The codes of findings.

use std::fmt;

/// The code of a kind of finding, as `WB012`. A code is never given to another kind, not even after its kind is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WB{:03}", self.0)
    }
}
