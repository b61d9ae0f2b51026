//! Circles: something that leads back to itself.

/// Every circle of a graph in which each node leads to those that `next` names, each told once, from its smallest node on.
///
/// Only the shortest circle through each smallest node is told: mending it brings up the next.
pub(super) fn circles(nodes: usize, next: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    (0..nodes).filter_map(|start| circle_from(start, &next)).collect()
}

/// The shortest way from `start` back to it over larger nodes only.
fn circle_from(start: usize, next: &impl Fn(usize) -> Vec<usize>) -> Option<Vec<usize>> {
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut seen = std::collections::HashSet::new();
    while let Some(way) = ways.pop_front() {
        for node in next(*way.last()?) {
            if node == start {
                return Some(way);
            }
            if node > start && seen.insert(node) {
                ways.push_back(way.iter().copied().chain([node]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_circle_is_told_once_and_ways_that_end_are_none() {
        let edges: [&[usize]; 6] = [&[1], &[2], &[0], &[3], &[5], &[]];
        assert_eq!(circles(6, |node| edges[node].to_vec()), [vec![0, 1, 2], vec![3]]);
    }
}
