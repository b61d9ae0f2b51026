//! A schema of ours, compiled while it is needed.

use super::Validator;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// One of our schemas. Compiled it takes a megabyte, and some milliseconds are all that it costs: it is compiled for the first who
/// asks, shared with all who ask meanwhile, and forgotten with the last of them. A service needs it at its start and at a reload.
pub struct Schema {
    make: fn() -> Value,
    compiled: Mutex<Weak<Validator>>,
}

impl Schema {
    /// The schema that `make` makes.
    #[must_use]
    pub const fn new(make: fn() -> Value) -> Self {
        Schema { make, compiled: Mutex::new(Weak::new()) }
    }

    /// The schema, compiled. Whoever has many files to check keeps it until the last of them.
    ///
    /// # Panics
    /// When it is not a valid schema.
    #[must_use]
    pub fn compiled(&self) -> Arc<Validator> {
        // Nothing can be half-done here: who panicked while compiling has put nothing there.
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Validator::new((self.make)()));
            *compiled = Arc::downgrade(&new);
            new
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_compiled_once_for_all_who_need_it_at_a_time_and_forgotten_with_the_last() {
        static SCHEMA: Schema = Schema::new(|| serde_json::json!({ "type": "object" }));
        let (one, two) = (SCHEMA.compiled(), SCHEMA.compiled());
        assert!(Arc::ptr_eq(&one, &two));
        let kept = Arc::downgrade(&one);
        drop((one, two));
        assert!(kept.upgrade().is_none());
        let _anew = SCHEMA.compiled();
    }
}
