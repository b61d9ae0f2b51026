//! What is known again: a bounded memory that forgets the oldest first.

use std::collections::{HashMap, VecDeque};

/// So many things by their names.
pub struct Memory<T> {
    most: usize,
    order: VecDeque<String>,
    things: HashMap<String, T>,
}

/// Where a request stands that has been here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Its first visit is not over.
    UnderWay,
    /// It has had its effect.
    Done,
}

impl<T> Memory<T> {
    /// A memory of at most `most` things.
    pub fn of(most: usize) -> Self {
        Memory { most, order: VecDeque::new(), things: HashMap::new() }
    }

    /// What is known by this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.things.get(name)
    }

    /// Remembers `thing`, in the place of what had this name before.
    pub fn put(&mut self, name: &str, thing: T) {
        if self.things.insert(name.to_owned(), thing).is_none() {
            self.order.push_back(name.to_owned());
        }
        while self.order.len() > self.most {
            let oldest = self.order.pop_front();
            oldest.and_then(|oldest| self.things.remove(&oldest));
        }
    }

    /// Forgets what has this name.
    pub fn forget(&mut self, name: &str) {
        if self.things.remove(name).is_some() {
            self.order.retain(|known| known != name);
        }
    }
}

impl Memory<Seen> {
    /// Where the request with this id stands. One that is new is under way from now on.
    pub fn begin(&mut self, id: &str) -> Option<Seen> {
        let seen = self.get(id).copied();
        if seen.is_none() {
            self.put(id, Seen::UnderWay);
        }
        seen
    }

    /// The request has had its effect; or it has not, and may come again.
    pub fn end(&mut self, id: &str, had_its_effect: bool) {
        if had_its_effect {
            self.put(id, Seen::Done);
        } else {
            self.forget(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_new_once_unless_it_had_no_effect_and_the_oldest_are_forgotten() {
        let mut memory = Memory::of(2);
        assert_eq!(memory.begin("a"), None);
        assert_eq!(memory.begin("a"), Some(Seen::UnderWay));
        memory.end("a", true);
        assert_eq!(memory.begin("a"), Some(Seen::Done));
        assert_eq!(memory.begin("b"), None);
        memory.end("b", false);
        assert_eq!(memory.begin("b"), None, "it may come again");
        assert_eq!(memory.begin("c"), None);
        assert_eq!(memory.begin("a"), None, "there is room for two");
        assert_eq!(memory.order.len(), 2);
    }
}
