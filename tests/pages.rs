//! The pages of the diagnostics about rules: each example is read, and what is said of it is what the page says.

use watchbell::config::Checks;
use watchbell::diagnostics::{Findings, Sources, codes, render};
use watchbell::lint;
use watchbell::rules::{Context, find_none, load_texts};

/// `rule`, a mapping, as the only rule of a file.
fn in_group(rule: &str) -> String {
    let indented = rule.lines().map(|line| format!("        {line}\n")).collect::<String>();
    format!("groups:\n  - name: chain\n    rules:\n      -\n{indented}")
}

/// The YAML of a page, made a whole file.
fn example(page: &str) -> String {
    let yaml = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    if yaml.starts_with("groups:") {
        return yaml.to_owned();
    }
    if yaml.starts_with("- ") {
        let rules: String = yaml.lines().map(|line| format!("      {line}\n")).collect();
        return format!("groups:\n  - name: chain\n    rules:\n{rules}");
    }
    let has = |key: &str| yaml.lines().any(|line| line.starts_with(key));
    let expr = if has("expr:") || has("queries:") { "" } else { "expr: avg by (chain) (gas_price_gwei)\n" };
    let tiers =
        if has("exceptions:") && !has("tiers:") || has("join:") { "tiers: { high: { above: 100 } }\n" } else { "" };
    in_group(&format!("alert: Example\n{expr}{yaml}{tiers}"))
}

#[test]
fn the_example_of_every_page_is_told_what_the_page_says() {
    let ours = codes::all().filter(|entry| (12..=16).contains(&entry.code.0) || (30..100).contains(&entry.code.0));
    let small = Context {
        history_max_samples: 1000,
        sources: Some(["main".into()].into()),
        records_go_nowhere: true,
        ..Context::default()
    };
    for entry in ours {
        let text = example(entry.page);
        let (mut sources, mut findings) = (Sources::default(), Findings::default());
        let loaded = load_texts(&[("rules.yaml".into(), text.as_str().into())], &small, &mut sources, &mut findings);
        // Only its own page speaks of what a project asks for.
        let asked = if entry.code == codes::WB080 { vec!["runbook_url".into()] } else { Vec::new() };
        let checks = Checks { annotations: asked, ..Checks::default() };
        lint::check(&loaded, &checks, &mut findings);
        lint::settle(&loaded, &checks, &mut findings);
        // Some examples have groups only, because that is enough to show what they are about.
        if entry.code == codes::WB068 {
            find_none(&loaded.set, &mut findings);
        }
        findings.sort();
        let told = render::human(&findings, &sources, false);
        let found = findings.iter().find(|finding| finding.code == entry.code);
        assert!(found.is_some(), "{}:\n{text}\n{told}", entry.code);
        assert_eq!(found.unwrap().level, entry.level, "{}", entry.code);
        insta::assert_snapshot!(entry.code.to_string(), told);
    }
}
