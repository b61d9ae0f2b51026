//! "Did you mean …?"

/// The candidate that `word` was probably meant to be, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong, as rustc has it; one in short words.
    let allowed = (word.chars().count() / 3).max(1);
    let measured = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    // A word that shares no letter was not meant.
    let shares = |distance: usize| distance < word.chars().count();
    measured
        .filter(|(distance, _)| *distance <= allowed && shares(*distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, found)| found)
}

/// ` (did you mean …?)` where something is near, else nothing; to be put behind a message.
#[must_use]
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|found| format!("did you mean `{found}`?"))
}

/// How many letters must be added, dropped, changed or swapped with their neighbour. Case counts as nothing, `-` is `_`.
fn distance(from: &str, to: &str) -> usize {
    let letters = |text: &str| text.replace('-', "_").to_lowercase().chars().collect::<Vec<_>>();
    let (from, to) = (letters(from), letters(to));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for row in 1..=from.len() {
        let mut this = vec![row];
        for column in 1..=to.len() {
            let changed = usize::from(from[row - 1] != to[column - 1]);
            let mut best = (last[column] + 1).min(this[column - 1] + 1).min(last[column - 1] + changed);
            let swapped = row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1];
            if swapped {
                best = best.min(before[column - 2] + 1);
            }
            this.push(best);
        }
        before = std::mem::replace(&mut last, this);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let keys = ["expr", "for", "keep_firing_for", "labels", "annotations"];
        assert_eq!(nearest("keep-firing-for", keys), Some("keep_firing_for"));
        assert_eq!(nearest("keepFiringFor", keys), Some("keep_firing_for"));
        assert_eq!(nearest("annotation", keys), Some("annotations"));
        assert_eq!(nearest("exrp", keys), Some("expr"));
        assert_eq!(nearest("fro", keys), Some("for"));
        assert_eq!(nearest("severity", keys), None);
    }
}
