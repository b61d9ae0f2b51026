//! Three-valued truth, in Kleene's logic.

use std::ops::Not;

/// What a condition says of a reading: it holds, it does not, or nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Something that it speaks of is not known.
    #[default]
    Unknown,
}

impl Truth {
    /// False as soon as one side is, unknown while nothing decides.
    #[must_use]
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        }
    }

    /// True as soon as one side is, unknown while nothing decides.
    #[must_use]
    pub fn or(self, other: Truth) -> Truth {
        !(!self).and(!other)
    }
}

impl Not for Truth {
    type Output = Truth;
    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::True } else { Truth::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{False, True, Unknown};

    #[test]
    fn the_truth_tables_are_kleenes() {
        let and = [(True, Unknown, Unknown), (False, Unknown, False), (Unknown, False, False), (True, True, True)];
        for (a, b, expected) in and {
            assert_eq!(a.and(b), expected, "{a:?} and {b:?}");
            assert_eq!((!a).or(!b), !expected, "de Morgan of {a:?} and {b:?}");
        }
        assert_eq!([!True, !False, !Unknown], [False, True, Unknown]);
    }
}
