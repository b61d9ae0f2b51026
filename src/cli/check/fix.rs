//! `check --fix`: makes the edits that findings offer, and leaves every other byte of a file as it is.

use crate::cli::CommandError;
use crate::diagnostics::{Edit, Findings, SourceId, Sources};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Makes the edits that `findings` offer, and says how many. A file that is not what was checked is not touched.
///
/// # Errors
/// When a file cannot be written, or changed meanwhile.
pub(super) fn apply(findings: &Findings, sources: &Sources) -> Result<usize, CommandError> {
    let mut of_files: BTreeMap<SourceId, Vec<&Edit>> = BTreeMap::new();
    for edit in findings.iter().flat_map(|finding| &finding.fix) {
        of_files.entry(edit.place.source).or_default().push(edit);
    }
    let mut made = 0;
    for (file, edits) in of_files {
        let source = sources.get(file);
        let (text, count) = edited(source.text(), edits);
        if count > 0 {
            replace(source.path(), source.text(), &text)?;
            made += count;
        }
    }
    Ok(made)
}

/// `text` with `edits` made, and how many were. Of two that overlap the first is made; the next run sees about the other.
fn edited(text: &str, mut edits: Vec<&Edit>) -> (String, usize) {
    edits.sort_by_key(|edit| edit.place);
    let (mut result, mut end, mut made) = (String::with_capacity(text.len()), 0, 0);
    for edit in edits {
        let range = edit.place.range();
        // Where something else stands, as within an escape of a quoted text, nobody knows what is right.
        if range.start < end || text.get(range.clone()) != Some(edit.old.as_str()) {
            continue;
        }
        result.push_str(&text[end..range.start]);
        result.push_str(&edit.new);
        end = range.end;
        made += 1;
    }
    result.push_str(&text[end..]);
    (result, made)
}

/// Puts `new` in the place of `old`, whole or not at all.
fn replace(path: &Path, old: &str, new: &str) -> Result<(), CommandError> {
    let failed = |cause: io::Error| CommandError::Outside(format!("cannot write `{}`: {cause}", path.display()));
    // The file behind a link is written, and the link stays.
    let path = path.canonicalize().map_err(failed)?;
    if fs::read(&path).map_err(failed)? != old.as_bytes() {
        return Err(CommandError::Outside(format!(
            "`{}` was changed meanwhile; nothing of it is fixed",
            path.display()
        )));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.watchbell-{}", std::process::id()));
    let written = fs::write(&beside, new)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    written.map_err(|cause| {
        // It is of no use to anybody, and its absence harms nobody.
        let _ = fs::remove_file(&beside);
        failed(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Place;

    fn edit(start: u32, end: u32, old: &str, new: &str) -> Edit {
        let source = Sources::default().add("a.yaml", "");
        Edit { place: Place { source, start, end }, old: old.into(), new: new.into() }
    }

    #[test]
    fn edits_leave_everything_else_and_never_overlap_or_guess() {
        let text = "a=~\"b\"\r\n# ü\n";
        let (right, overlapping, wrong) = (edit(1, 3, "=~", "="), edit(2, 4, "~\"", ""), edit(6, 8, "  ", ""));
        assert_eq!(edited(text, vec![&overlapping, &right, &wrong]), ("a=\"b\"\r\n# ü\n".to_owned(), 1));
        assert_eq!(edited(text, vec![]), (text.to_owned(), 0));
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let path = std::env::temp_dir().join(format!("watchbell-fix-{}.yaml", std::process::id()));
        fs::write(&path, "changed").unwrap();
        let said = replace(&path, "old", "new").unwrap_err().to_string();
        let left = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(said.ends_with("was changed meanwhile; nothing of it is fixed"), "{said}");
        assert_eq!(left, "changed");
    }
}
