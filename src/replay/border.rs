//! The border that tests do not cross either: what a stranger proposes must not show the machine's other files.

use crate::config::Border;
use crate::diagnostics::{Findings, Place, codes};
use std::path::{Path, PathBuf};

/// Whether the test at `path` is on this side of its own border. A link may lead anywhere.
pub(super) fn admits_itself(path: &Path, findings: &mut Findings) -> bool {
    let is_inside = is_inside(path, path);
    if !is_inside {
        let (what, help) = around(path, path);
        findings.error(codes::WB101, format!("`{}` leads out of {what}", path.display())).help(help);
    }
    is_inside
}

/// Whether the test at `test` may read `path`, which is written at `place`.
pub(super) fn admits(test: &Path, path: &Path, place: Place, findings: &mut Findings) -> bool {
    let is_inside = is_inside(test, path);
    if !is_inside {
        let (what, help) = around(test, path);
        let message = format!("`{}` is outside of {what}", path.display());
        findings.error(codes::WB101, message).at(place, "leads out of it").help(help);
    }
    is_inside
}

/// Whether `path` is on the same side as the test at `test`.
pub(super) fn is_inside(test: &Path, path: &Path) -> bool {
    Border::around_tests(folder_of(test)).is_none_or(|border| border.holds(path))
}

/// What the border of the test at `test` is called, and what to do about `path` outside of it.
fn around(test: &Path, path: &Path) -> (String, String) {
    let border = Border::around_tests(folder_of(test));
    match border.as_ref().and_then(Border::without_repository) {
        None => {
            let help = "only files of the repository are read, so that a review sees all of them";
            ("the repository".into(), help.into())
        }
        Some(here) => {
            let tests = real(folder_of(test));
            let what = format!("the working folder, as no git repository was found from `{}` upwards", tests.display());
            let path = real(path);
            let both = here.ancestors().find(|above| path.starts_with(above)).unwrap_or(here).display();
            (what, format!("run this from a folder above both, as `{both}` is, or make one a repository"))
        }
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn folder_of(test: &Path) -> &Path {
    test.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
