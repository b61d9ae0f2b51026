//! For programs: one JSON object per finding and line.

use super::{Edit, Finding, Findings, Located, Place, Sources, locate};
use serde_json::{Value, json};

/// All findings, one object per line: `code`, `severity`, `message`, `help`, `file`, `line`, `column`, `end`, `related` for
/// the other places, and `fix` where there is one right edit. Lines and columns count from one, columns in characters; `end` is one past the last.
#[must_use]
pub fn json(findings: &Findings, sources: &Sources) -> String {
    findings.iter().map(|finding| format!("{}\n", object(finding, sources))).collect()
}

fn object(finding: &Finding, sources: &Sources) -> Value {
    let mut object = json!({
        "code": finding.code.to_string(),
        "severity": finding.level.name(),
        "message": finding.message,
        "label": finding.at.as_ref().map(|(_, label)| label).filter(|label| !label.is_empty()),
        "help": finding.help,
        "file": null, "line": null, "column": null, "end": null,
    });
    if let Some((place, _)) = &finding.at {
        put_place(&mut object, *place, sources);
    }
    object["related"] = finding.see.iter().map(|see| related(see, sources)).collect();
    if !finding.fix.is_empty() {
        object["fix"] = finding.fix.iter().map(|edit| edit_of(edit, sources)).collect();
    }
    object
}

/// An edit, with the bytes that it replaces: what editors want.
fn edit_of(edit: &Edit, sources: &Sources) -> Value {
    let mut object = json!({ "start_byte": edit.place.start, "end_byte": edit.place.end, "new": edit.new });
    put_place(&mut object, edit.place, sources);
    object
}

fn related((place, label): &(Place, String), sources: &Sources) -> Value {
    let mut object = json!({ "message": label });
    put_place(&mut object, *place, sources);
    object
}

fn put_place(object: &mut Value, place: Place, sources: &Sources) {
    let Located { file, start, end } = locate(place, sources);
    object["file"] = file.into();
    object["line"] = start.line.into();
    object["column"] = start.column.into();
    object["end"] = json!({ "line": end.line, "column": end.column });
}
