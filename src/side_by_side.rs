//! Work for all processors.

use crate::deep_stack;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` for every item, on all processors, and returns the results in the order of the items. A panic of one is the
/// panic of all.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| deep_stack::spawn(scope, run)).collect();
        workers.into_iter().flat_map(deep_stack::join).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_whoever_is_quicker() {
        let items: Vec<u64> = (0..50).collect();
        let slow_first = |item: &u64| {
            (0..(50 - item) * 1000).fold(0_u64, u64::wrapping_add);
            item * 2
        };
        assert_eq!(each(&items, slow_first), items.iter().map(|item| item * 2).collect::<Vec<_>>());
    }
}
