//! What the holder of a lease is called, and whether it is certainly gone.
//!
//! A killed process gives nothing back. Its successor on the same machine need not wait for the lease to end where the
//! system itself says that the process is no more. Anywhere else (another boot, another container, no `/proc`) nobody
//! can know, and the lease is waited for.

use std::fs::read_to_string;

/// This process's name as a holder; `nonce` tells apart two services of one process.
#[must_use]
pub fn name(nonce: i64) -> String {
    let pid = std::process::id();
    of(pid, nonce).unwrap_or_else(|| format!("{pid} {nonce}"))
}

/// Whether the process that had this name is certainly gone.
#[must_use]
pub fn is_gone(name: &str) -> bool {
    let words: Vec<&str> = name.split(' ').collect();
    let ([pid, started, space, _nonce], Some(here)) = (words.as_slice(), space()) else { return false };
    // A process id means something only where it was given.
    *space == here && pid.parse().is_ok_and(|pid| started_at(pid).as_deref() != Some(*started))
}

fn of(pid: u32, nonce: i64) -> Option<String> {
    Some(format!("{pid} {} {} {nonce}", started_at(pid)?, space()?))
}

/// The boot and the namespace in which process ids are given out.
fn space() -> Option<String> {
    let boot = read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// When a living process began, in the kernel's ticks: ids are used again, the pair is not. Nothing where it has ended.
fn started_at(pid: u32) -> Option<String> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may hold blanks and brackets itself.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let has_ended = matches!(*fields.first()?, "Z" | "X");
    (!has_ended).then(|| fields.get(19).map(|started| (*started).to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Partition, Sqlite, Store, StoreError};

    #[test]
    fn a_killed_holder_is_gone_at_once_and_a_living_one_is_not() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let holder = of(child.id(), 7).unwrap();
        let mut store = Sqlite::in_memory().unwrap();
        let first = store.acquire(Partition(0), &holder, 1_000, 16_000).unwrap();
        let held = store.acquire(Partition(0), &name(8), 2_000, 17_000);
        assert!(matches!(held, Err(StoreError::Held { .. })), "it lives, so its lease holds: {held:?}");

        child.kill().unwrap();
        child.wait().unwrap();

        let second = store.acquire(Partition(0), &name(8), 2_000, 17_000).unwrap();
        assert!(second.epoch > first.epoch);
        let late = store.claim(Partition(0), first.epoch, crate::model::DeliveryId::derive(&["page"]), 2_000);
        assert!(matches!(late, Err(StoreError::LostLease { .. })), "what is left of it can write nothing");
    }

    #[test]
    fn a_process_id_that_is_used_again_is_another_process() {
        let own = name(7);
        assert!(!is_gone(&own));
        let words: Vec<&str> = own.split(' ').collect();
        assert!(is_gone(&format!("{} 1 {} 7", words[0], words[2])));
    }

    #[test]
    fn of_holders_elsewhere_nothing_is_known() {
        assert!(!is_gone("999999999 1 another-boot/pid:[1] 7"));
        assert!(!is_gone("a"));
    }
}
