//! Who goes round in a circle: names that lead to each other.

use std::collections::HashMap;

/// Names by the circle that they belong to.
#[derive(Debug)]
pub(super) struct Circles<'a> {
    numbers: HashMap<&'a str, usize>,
    /// For each name the number of its circle; one that is in none has a number of its own.
    circles: Vec<usize>,
}

impl<'a> Circles<'a> {
    /// The circles of a graph, in time that grows with its edges: rule files can have thousands of them.
    pub(super) fn of(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let (mut forth, mut back): (Vec<Vec<usize>>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for (from, to) in edges {
            let [from, to] = [from, to].map(|name| {
                let next = numbers.len();
                *numbers.entry(name).or_insert(next)
            });
            forth.resize_with(numbers.len(), Vec::new);
            back.resize_with(numbers.len(), Vec::new);
            forth[from].push(to);
            back[to].push(from);
        }
        // What can be reached backwards from the last one left, and was not reached yet, goes round with it.
        let mut circles = vec![usize::MAX; numbers.len()];
        let mut seen = vec![false; numbers.len()];
        let order: Vec<usize> = (0..numbers.len()).flat_map(|start| left_in_order(start, &forth, &mut seen)).collect();
        let mut seen = vec![false; numbers.len()];
        for start in order.into_iter().rev() {
            for reached in left_in_order(start, &back, &mut seen) {
                circles[reached] = start;
            }
        }
        Circles { numbers, circles }
    }

    /// Whether each of the two leads to the other.
    pub(super) fn joins(&self, one: &str, other: &str) -> bool {
        let circle = |name: &str| self.numbers.get(name).map(|number| self.circles[*number]);
        one == other || (circle(one).is_some() && circle(one) == circle(other))
    }
}

/// What can be reached from `start` and was not seen yet, in the order in which a walk leaves it for good.
fn left_in_order(start: usize, edges: &[Vec<usize>], seen: &mut [bool]) -> Vec<usize> {
    let mut left = Vec::new();
    if std::mem::replace(&mut seen[start], true) {
        return left;
    }
    let mut way = vec![(start, 0)];
    while let Some((at, next)) = way.last_mut() {
        match edges[*at].get(*next) {
            Some(&to) => {
                *next += 1;
                if !std::mem::replace(&mut seen[to], true) {
                    way.push((to, 0));
                }
            }
            None => {
                left.push(*at);
                way.pop();
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn reaches(edges: &[(&str, &str)], from: &str, to: &str) -> bool {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
        while let Some(name) = left.pop() {
            if seen.insert(name) {
                left.extend(edges.iter().filter(|(from, _)| *from == name).map(|(_, to)| *to));
            }
        }
        seen.contains(to)
    }

    proptest! {
        #[test]
        fn two_names_are_in_one_circle_where_each_is_reached_from_the_other(
            edges in prop::collection::vec((0..9_usize, 0..9_usize), 0..24),
        ) {
            const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
            let edges: Vec<(&str, &str)> = edges.into_iter().map(|(from, to)| (NAMES[from], NAMES[to])).collect();
            let circles = Circles::of(edges.iter().copied());
            for one in NAMES {
                for other in NAMES {
                    let is_one = reaches(&edges, one, other) && reaches(&edges, other, one);
                    prop_assert_eq!(circles.joins(one, other), is_one, "{} {}", one, other);
                }
            }
        }
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_circle_until_it_is_closed() {
        let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let chain = || names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
        assert!(!Circles::of(chain()).joins("0", "99999"));
        assert!(Circles::of(chain().chain([("99999", "0")])).joins("0", "50000"));
    }
}
