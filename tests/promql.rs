//! PromQL against others: rule files from the wild, and promtool's opinion of them and of small mistakes in them.

use watchbell::promql::Expr;

/// The expressions of rule files that others wrote, if they are here.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus() -> Vec<String> {
    let shared = std::env::var("WATCHBELL_SHARED").unwrap_or_else(|_| "../shared".into());
    let files = glob::glob(&format!("{shared}/corpus/rules/**/*.yml")).expect("a good pattern").flatten();
    let mut found = Vec::new();
    for file in files {
        let mut findings = watchbell::diagnostics::Findings::default();
        let mut sources = watchbell::diagnostics::Sources::default();
        let documents =
            watchbell::yaml::read(&file, &mut sources, &mut findings).map(|read| read.1).unwrap_or_default();
        let groups =
            documents.iter().filter_map(|document| document.get("groups")).flat_map(watchbell::yaml::Node::items);
        let rules = groups.filter_map(|group| group.get("rules")).flat_map(watchbell::yaml::Node::items);
        found.extend(rules.filter_map(|rule| rule.get("expr")?.as_str().map(str::to_owned)));
    }
    if found.is_empty() {
        println!("skipped: no corpus at {shared}");
    }
    found
}

/// Small mistakes, as fingers make them: a token gone, doubled, or in the place of another.
fn spoiled(expr: &str, seed: u64) -> String {
    let mut tokens: Vec<&str> = expr.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let draw = |below: usize| {
        let drawn = watchbell::model::spread(&[expr, &seed.to_string(), &below.to_string()], below as u64);
        usize::try_from(drawn).expect("below a usize")
    };
    let (at, other) = (draw(tokens.len()), draw(tokens.len() + 1) % tokens.len());
    match seed % 3 {
        0 => drop(tokens.remove(at)),
        1 => tokens.insert(at, tokens[other]),
        _ => tokens.swap(at, other),
    }
    tokens.concat()
}

#[test]
fn every_expression_of_the_corpus_is_read() {
    for expr in corpus() {
        assert_eq!(Expr::parse(&expr).map(drop), Ok(()), "{expr}");
    }
}

/// What promtool 3 says of each of `exprs`: whether it refuses it. `None` where there is no promtool 3.
fn refused_by_promtool(exprs: &[String]) -> Option<std::collections::BTreeSet<usize>> {
    let promtool = std::env::var("WATCHBELL_PROMTOOL").unwrap_or_else(|_| "promtool".into());
    let version = std::process::Command::new(&promtool).arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&[version.stdout, version.stderr].concat()).contains("version 3.") {
        return None;
    }
    let rules: Vec<_> = exprs.iter().map(|expr| serde_json::json!({ "record": "r", "expr": expr })).collect();
    let file = serde_json::json!({ "groups": [{ "name": "g", "rules": rules }] }).to_string();
    let path = std::env::temp_dir().join(format!("watchbell-promql-{}.yml", std::process::id()));
    std::fs::write(&path, file).ok()?;
    let output = std::process::Command::new(&promtool).args(["check", "rules", "--lint=none"]).arg(&path).output();
    std::fs::remove_file(&path).ok()?;
    let output = output.ok()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let numbers = said.split("group \"g\", rule ").skip(1).filter_map(|rest| rest.split(',').next()?.parse().ok());
    Some(numbers.map(|number: usize| number - 1).collect())
}

#[test]
fn promtool_takes_and_refuses_the_same_expressions() {
    let good = corpus();
    let exprs: Vec<String> =
        good.iter().flat_map(|expr| (0..12).map(|seed| spoiled(expr, seed))).chain(good.clone()).collect();
    let exprs: Vec<String> = exprs.into_iter().filter(|expr| !expr.trim().is_empty()).collect();
    let Some(refused) = refused_by_promtool(&exprs) else {
        println!("skipped: no promtool 3 here (WATCHBELL_PROMTOOL names one)");
        return;
    };
    for (index, expr) in exprs.iter().enumerate() {
        let ours = Expr::parse(expr);
        let is_refused = ours.as_ref().map_or(true, |expr| expr.experimental().is_some());
        assert_eq!(is_refused, refused.contains(&index), "{expr}\n{ours:?}");
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_crash() {
    watchbell::deep_stack::run(|| {
        let expr = format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(Expr::parse(&expr).unwrap_err().message, "the expression is nested too deeply");
        assert!(Expr::parse(&"-".repeat(100_000)).is_err());
        assert!(Expr::parse(&format!("x{}", " ^ x".repeat(10_000))).is_err());
        for chain in [" or x", " + x", " > 1"] {
            let refused = Expr::parse(&format!("x{}", chain.repeat(100_000))).unwrap_err();
            assert_eq!(refused.message, "the expression has more than 2000 operations", "{chain}");
        }
        assert!(Expr::parse(&format!("x{}", "[5m:1m]".repeat(100_000))).is_err());
    });
}
