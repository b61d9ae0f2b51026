//! The border that tests do not cross either: what a stranger proposes must not show the machine's other files.

use crate::config::Border;
use crate::diagnostics::{Findings, Place, codes};
use std::path::Path;

/// Whether the test at `path` is on this side of its own border. A link may lead anywhere.
pub(super) fn admits_itself(path: &Path, findings: &mut Findings) -> bool {
    let is_inside = is_inside(path, path);
    if !is_inside {
        findings
            .error(codes::WB101, format!("`{}` leads out of the repository", path.display()))
            .help("only files of the repository are read, so that a review sees all of them");
    }
    is_inside
}

/// Whether the test at `test` may read `path`, which is written at `place`.
pub(super) fn admits(test: &Path, path: &Path, place: Place, findings: &mut Findings) -> bool {
    let is_inside = is_inside(test, path);
    if !is_inside {
        findings
            .error(codes::WB101, format!("`{}` is outside of the repository", path.display()))
            .at(place, "leads out of it")
            .help("only files of the repository are read, so that a review sees all of them");
    }
    is_inside
}

/// Whether `path` is on the same side as the test at `test`.
pub(super) fn is_inside(test: &Path, path: &Path) -> bool {
    let folder = test.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Border::around_tests(folder).is_none_or(|border| border.holds(path))
}
