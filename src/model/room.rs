//! Long lists that grow.

/// From so many items on, a list grows by less than its own length.
const LONG: usize = 1024;

/// Makes room for one more item. A long list grows by an eighth: by doubling, a list of a hundred thousand series would have room
/// for as many that may never come.
pub fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() && list.len() >= LONG {
        list.reserve_exact(list.len() / 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_has_little_room_to_spare_and_is_moved_seldom() {
        let (mut list, mut moves) = (Vec::new(), 0);
        for item in 0..100_000 {
            let before = list.capacity();
            make_room(&mut list);
            list.push(item);
            moves += usize::from(list.capacity() != before);
        }
        assert!(list.capacity() <= 112_500, "room for {}", list.capacity());
        assert!(moves < 60, "moved {moves} times");
    }
}
