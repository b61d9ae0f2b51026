//! The pages of the codes: the example of each is found by it.

use super::*;
use crate::diagnostics::Code;

/// What the examples of the pages may take for granted.
const GROUND: &str = r"
channels: { pager: { pagerduty: { routing_key: { env: KEY } } } }
responders:
  primary: { reach: [{ via: pager }] }
  secondary: { reach: [{ via: pager }] }
  third: { reach: [{ via: pager }] }
teams: { leads: [third] }
";

#[test]
fn the_example_of_each_page_is_what_the_code_finds() {
    let pages = codes::all().filter(|entry| (100..200).contains(&entry.code.0));
    let told: String = pages.map(|entry| told_of_page(entry.code, entry.page, entry.level)).collect();
    insta::assert_snapshot!(told);
}

fn told_of_page(code: Code, page: &str, level: crate::diagnostics::Level) -> String {
    let examples = page.split("## Example").nth(1).unwrap().split("## The better way").next().unwrap();
    let blocks = examples.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let files: Vec<(String, String)> = blocks.map(|block| (path_of(block).to_owned(), block.to_owned())).collect();
    let outcome = loading_with_ground(&files);
    let told = outcome.told_of(|finding| finding.code == code);
    assert!(!told.is_empty(), "the example of {code} is not found by it, but by:\n{}", outcome.told());
    let levels: Vec<_> = outcome.findings.iter().filter(|finding| finding.code == code).map(|f| f.level).collect();
    assert!(levels.iter().all(|found| *found == level), "{code}: {levels:?}");
    told
}

/// A block names its file in a comment on its first line.
fn path_of(block: &str) -> &str {
    let first = block.lines().next().unwrap_or_default();
    first.strip_prefix("# ").filter(|name| Path::new(name).extension().is_some()).unwrap_or("watchbell.yaml")
}

/// The files, in which the first one includes the ground as well.
fn loading_with_ground(files: &[(String, String)]) -> Outcome {
    let mut texts: Vec<(String, String)> = files.to_vec();
    texts.push(("ground.yaml".into(), GROUND.into()));
    let first = texts.iter_mut().find(|(path, _)| path == "watchbell.yaml").unwrap();
    first.1 = if first.1.contains("include: [") {
        first.1.replace("include: [", "include: [ground.yaml, ")
    } else {
        format!("{}include: [ground.yaml]\n", first.1)
    };
    loading_all(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}
