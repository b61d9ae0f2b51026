//! What is refused, where, and with which advice.

use super::super::check_query_name;
use super::compile;
use proptest::prelude::*;
use std::fmt::Write;

/// Every mistake of `text`, underlined.
#[track_caller]
fn refused(text: &str) -> String {
    let errors = compile(text).err().unwrap_or_else(|| panic!("`{text}` was accepted"));
    let mut told = String::new();
    for error in errors {
        let before = text[..error.range.start].chars().count();
        let width = text[error.range.clone()].chars().count().max(1);
        let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
        writeln!(told, "{text}\n{}{} {}{help}", " ".repeat(before), "^".repeat(width), error.message).unwrap();
    }
    told
}

fn all_refused(texts: &[&str]) -> String {
    texts.iter().map(|text| refused(text)).collect()
}

#[test]
fn names_that_nobody_knows() {
    let texts = [
        "tpss < 5",
        "x < 5",
        "labels.chian == \"a\"",
        "tps.average(\"5m\") < 5",
        "nwo.hour() > 3",
        "tps::x > 3",
        "maxx(tps, 3) > 2",
        "a.b.c > 1",
    ];
    insta::assert_snapshot!(all_refused(&texts), @r##"
    tpss < 5
    ^^^^ no query is called `tpss` (did you mean `tps`?)
    x < 5
    ^ no query is called `x` (what can be named is: `tps`, `gas`, `bare`, `labels`, `now`)
    labels.chian == "a"
           ^^^^^ the label `chian` is not one of `join` (did you mean `chain`?)
    tps.average("5m") < 5
    ^^^^^^^^^^^^^^^^^ a query has no call `average` (the calls are: `avg`, `min`, `max`, `sum`, `stddev`, `count`, `quantile`, `delta`, `slope`, `drop`, `rise`, `zscore`, `held`, `missing`, `age`, `ago`)
    nwo.hour() > 3
    ^^^ no query is called `nwo` (did you mean `now`?)
    tps::x > 3
    ^^^ modules are not part of conditions
    maxx(tps, 3) > 2
    ^^^^^^^^^^^^ there is no function `maxx` (did you mean `max`?)
    a.b.c > 1
    ^ no query is called `a` (what can be named is: `tps`, `gas`, `bare`, `labels`, `now`)
    "##);
}

#[test]
fn values_of_the_wrong_type() {
    let texts = [
        "tps",
        "labels.chain",
        "\"sepolia\"",
        "tps && gas > 3",
        "gas > 3 && tps.avg(\"5m\")",
        "(tps - gas) || gas > 5",
        "!tps",
        "tps == \"5\"",
        "labels.chain == 8080",
        "labels.chain > \"a\"",
        "1 < tps < 5",
        "tps.missing() == false",
        "(tps > 1) == (gas > 1)",
        "tps + \"a\" > 2",
        "tps + true > 2",
        "tps in [\"a\"]",
        "labels.chain in [1]",
        "\"a\" in tps",
        "tps in []",
        "labels + 1 > 2",
        "now > 5",
        "tps.missing() < 5",
        "-(tps > 1) > 2",
    ];
    insta::assert_snapshot!(all_refused(&texts), @r##"
    tps
    ^^^ `tps` is a number, and a condition is needed here (compare it, for example `tps > 0`)
    labels.chain
    ^^^^^^^^^^^^ `labels.chain` is text, and a condition is needed here (compare it, for example `labels.chain == "sepolia"`)
    "sepolia"
    ^^^^^^^^^ `"sepolia"` is text, and a condition is needed here (compare it, for example `labels.chain == "sepolia"`)
    tps && gas > 3
    ^^^ `tps` is a number, and a condition is needed here (compare it, for example `tps > 0`)
    gas > 3 && tps.avg("5m")
               ^^^^^^^^^^^^^ `tps.avg("5m")` is a number, and a condition is needed here (compare it, for example `tps.avg("5m") > 0`)
    (tps - gas) || gas > 5
     ^^^^^^^^^ `tps - gas` is a number, and a condition is needed here (compare it, for example `tps - gas > 0`)
    !tps
     ^^^ `tps` is a number, and a condition is needed here (compare it, for example `tps > 0`)
    tps == "5"
    ^^^^^^^^^^ `"5"` is text and `tps` a number (numbers are compared with numbers, labels with text in double quotes)
    labels.chain == 8080
    ^^^^^^^^^^^^^^^^^^^^ `labels.chain` is text and `8080` a number (labels are text: write `"8080"`)
    labels.chain > "a"
    ^^^^^^^^^^^^^^^^^^ text has no order (compare it with `==` or `!=`)
    1 < tps < 5
    ^^^^^^^^^^^ a condition is not compared with a value (compare twice: `1 < tps && tps < 5`)
    tps.missing() == false
    ^^^^^^^^^^^^^^^^^^^^^^ conditions are not compared with each other (write `!(…)`)
    (tps > 1) == (gas > 1)
    ^^^^^^^^^^^^^^^^^^^^^^ conditions are not compared with each other (write `a && b || !a && !b`)
    tps + "a" > 2
          ^^^ `"a"` is text, and a number is needed here
    tps + true > 2
          ^^^^ `true` is a condition, and a number is needed here
    tps in ["a"]
    ^^^^^^^^^^^^ `in` looks for a number among numbers, or for text in text (write `now.hour() in 9..17`, `labels.chain in ["a", "b"]` or `"test" in labels.chain`)
    labels.chain in [1]
    ^^^^^^^^^^^^^^^^^^^ `in` looks for a number among numbers, or for text in text (write `now.hour() in 9..17`, `labels.chain in ["a", "b"]` or `"test" in labels.chain`)
    "a" in tps
    ^^^^^^^^^^ `in` looks for a number among numbers, or for text in text (write `now.hour() in 9..17`, `labels.chain in ["a", "b"]` or `"test" in labels.chain`)
    tps in []
    ^^^^^^^^^ nothing is in an empty list (name what it should be one of)
    labels + 1 > 2
    ^^^^^^ `labels` is no value (read one label: `labels.chain`)
    now > 5
    ^^^ `now` is no value (write `now.hour()` or `now.weekday()`)
    tps.missing() < 5
    ^^^^^^^^^^^^^^^^^ a condition is not compared with a value (compare twice: `1 < tps && tps < 5`)
    -(tps > 1) > 2
      ^^^^^^^ `tps > 1` is a condition, and a number is needed here
    "##);
}

#[test]
fn calls_with_the_wrong_arguments() {
    let texts = [
        "tps.avg() < 5",
        "tps.avg(5) < 5",
        "tps.avg(5m) < 5",
        "tps.avg(\"5 m\") < 5",
        "tps.avg(\"2h\") < 5",
        "bare.avg(\"5m\") < 5",
        "bare.age() > 5",
        "tps.avg(\"10s\") < 5",
        "tps.ago(\"0\") < 5",
        "tps.avg < 5",
        "tps.chain < 5",
        "tps.quantile(\"5m\", 0.9) < 5",
        "tps.quantile(95, \"5m\") < 5",
        "avg(tps, \"5m\") < 5",
        "abs(tps, gas) > 1",
        "min(tps) > 1",
        "tps.missing(\"5m\")",
        "(tps + gas).avg(\"5m\") < 5",
        "tps.avg(\"5m\").abs() > 1",
        "firing(Other)",
        "firing()",
        "now.minute() > 3",
        "now.hour > 3",
        "labels.chain.len() > 3 && tps > 1",
        "labels.chain.contains(3) && tps > 1",
        "tps.held(\"5m\", v < 5)",
        "tps.held(\"5m\", || tps < 5)",
        "tps.held(\"5m\", |a, b| a < b)",
        "tps.held(\"5m\", |v| tps < 5)",
        "tps.held(\"5m\", |v| v)",
        "tps.held(\"5m\", |tps| tps < 5)",
        "tps.held(\"5m\", |v| v.avg(\"5m\") < 5)",
        "tps.held(\"5m\", |v| gas.held(\"5m\", |w| w < v))",
        "tps.age() > 7200",
    ];
    insta::assert_snapshot!(all_refused(&texts), @r##"
    tps.avg() < 5
    ^^^^^^^^^ `avg` takes one argument (write `tps.avg("5m")`)
    tps.avg(5) < 5
            ^ a window is a duration in quotes (write for example `"5m"`)
    tps.avg(5m) < 5
            ^^ `5m` is no number (a window stands in quotes, `"5m"`; a bound is a plain number)
    tps.avg("5 m") < 5
            ^^^^^ `5 m` is not a duration; write for example `30s`, `5m` or `1h30m`
    tps.avg("2h") < 5
            ^^^^ `2h` reaches further back than the `history: 1h` of query `tps` (set `history: 2h` on the query `tps`)
    bare.avg("5m") < 5
    ^^^^^^^^^^^^^^ the query `bare` keeps no history (give it one: `history: 5m`)
    bare.age() > 5
    ^^^^^^^^^^ the query `bare` keeps no history (give it one: `history: 10m`)
    tps.avg("10s") < 5
            ^^^^^ this window is shorter than one slot (the group is evaluated every `30s`)
    tps.ago("0") < 5
            ^^^ this is less than one slot ago (the group is evaluated every `30s`)
    tps.avg < 5
    ^^^^^^^ `tps` has no field `avg` (write `tps.avg("5m")`)
    tps.chain < 5
    ^^^^^^^^^ `tps` has no field `chain` (the calls are: `avg`, `min`, `max`, `sum`, `stddev`, `count`, `quantile`, `delta`, `slope`, `drop`, `rise`, `zscore`, `held`, `missing`, `age`, `ago`)
    tps.quantile("5m", 0.9) < 5
                 ^^^^ a quantile is a number from 0 to 1 (write for example `0.95`)
    tps.quantile("5m", 0.9) < 5
                       ^^^ a window is a duration in quotes (write for example `"5m"`)
    tps.quantile(95, "5m") < 5
                 ^^ a quantile is a number from 0 to 1 (write for example `0.95`)
    avg(tps, "5m") < 5
    ^^^^^^^^^^^^^^ `avg` is asked of a query (write `tps.avg("5m")`)
    abs(tps, gas) > 1
    ^^^^^^^^^^^^^ `abs` takes one argument (write `abs(tps)`)
    min(tps) > 1
    ^^^^^^^^ `min` takes 2 to 16 arguments (write `min(tps, gas)`; over a window, `tps.min("5m")`)
    tps.missing("5m")
    ^^^^^^^^^^^^^^^^^ `missing` takes no argument (write `tps.missing()`)
    (tps + gas).avg("5m") < 5
    ^^^^^^^^^^^^^^^^^^^^^ nothing can be asked of `tps + gas` (only a query by itself remembers its past; make this a query of its own)
    tps.avg("5m").abs() > 1
    ^^^^^^^^^^^^^^^^^^^ nothing more can be asked of an answer (it is a plain number)
    firing(Other)
    ^^^^^^^^^^^^^ `firing` takes the name of an alert (write `firing("OtherAlert")`)
    firing()
    ^^^^^^^^ `firing` takes the name of an alert (write `firing("OtherAlert")`)
    now.minute() > 3
    ^^^^^^^^^^^^ `now` does not answer this (write `now.hour()` (0 to 23) or `now.weekday()` (1 is Monday, 7 is Sunday))
    now.hour > 3
    ^^^^^^^^ `now` does not answer this (write `now.hour()` (0 to 23) or `now.weekday()` (1 is Monday, 7 is Sunday))
    labels.chain.len() > 3 && tps > 1
    ^^^^^^^^^^^^^^^^^^ text has no call `len` like this (write `labels.chain.contains("test")`, `starts_with` or `ends_with`)
    labels.chain.contains(3) && tps > 1
                          ^ `contains` takes text (write it in double quotes)
    tps.held("5m", v < 5)
                   ^^^^^ `held` takes a function of one sample (write `|v| v < 5`: one name, and a condition on it)
    tps.held("5m", || tps < 5)
                   ^^ `held` takes a function of one sample (write `|v| v < 5`: one name, and a condition on it)
    tps.held("5m", |a, b| a < b)
                   ^ `held` takes a function of one sample (write `|v| v < 5`: one name, and a condition on it)
    tps.held("5m", |v| tps < 5)
                       ^^^^^^^ this function does not look at its sample `v` (compare the sample: `|v| v < 5`)
    tps.held("5m", |v| v)
                       ^ `v` is a number, and a condition is needed here (compare it, for example `v > 0`)
    tps.held("5m", |tps| tps < 5)
                   ^ `tps` means something else already (write for example `|v| v < 5`)
    tps.held("5m", |v| v.avg("5m") < 5)
                       ^^^^^^^^^^^ `v` is one sample, a plain number
    tps.held("5m", |v| gas.held("5m", |w| w < v))
                                      ^ `held` cannot stand in the function of another `held` (join two with `&&`)
    tps.age() > 7200
    ^^^^^^^^^^^^^^^^ `tps` remembers less than 7200 seconds (give the query `tps` a longer `history`)
    "##);
}

#[test]
fn what_belongs_to_other_languages() {
    let texts = [
        "",
        "  ",
        "/* nothing */",
        "tps < 5 and gas > 60",
        "tps < 5 or not gas > 60",
        "tps = 5",
        "tps < 5;",
        "let x = 5; x < tps",
        "if tps < 5 { true } else { false }",
        "tps < 5 ? true : false",
        "for x in 0..5 {}",
        "fn f() { 5 }",
        "import \"x\" as y",
        "eval(\"tps < 5\")",
        "print(tps)",
        "tps ?? 0 < 5",
        "tps?.avg(\"5m\") < 5",
        "labels[\"chain\"] == \"a\"",
        "labels.chain == 'sepolia'",
        "labels.chain == `sepolia`",
        "tps.drop(\"30m\") > 40%",
        "tps ** 2 > 4",
        "tps & gas > 1",
        "tps > 1 | gas > 1",
        "tps > 1 ^ gas > 1",
        "tps <> 5",
        "tps === 5",
        "tps ≥ 5",
        "tps < 5 // low",
        "tps > 5m",
        "tps > 1e400",
        "tps == 9007199254740993",
        "{ tps < 5 }",
        "#{a: 1}",
        "|v| v < 5",
        "[1, 2]",
        "0..5",
        "true",
        "1 < 2 || tps < 5",
        "tps < 5 && false",
    ];
    insta::assert_snapshot!(all_refused(&texts), @r##"
    ^ the condition is empty (write for example `value > 5`)
      
    ^^ the condition is empty (write for example `value > 5`)
    /* nothing */
    ^^^^^^^^^^^^^ the condition is empty (write for example `value > 5`)
    tps < 5 and gas > 60
            ^^^ `and` is not part of conditions (write `&&`)
    tps < 5 or not gas > 60
            ^^ `or` is not part of conditions (write `||`)
    tps < 5 or not gas > 60
               ^^^ `not` is not part of conditions (write `!`)
    tps = 5
        ^ `=` assigns, and conditions only compare (write `==`)
    tps < 5;
           ^ a condition is one expression (join conditions with `&&` or `||`)
    let x = 5; x < tps
    ^^^ `let` is not part of conditions (a condition is one expression that is true or false)
    if tps < 5 { true } else { false }
    ^^ `if` is not part of conditions (write what must hold, for example `a && b || !a && c`)
    if tps < 5 { true } else { false }
                        ^^^^ `else` is not part of conditions (write what must hold, for example `a && b || !a && c`)
    tps < 5 ? true : false
            ^ there is no `… ? … : …` (write what must hold, for example `a && b || !a && c`)
    for x in 0..5 {}
    ^^^ `for` is not part of conditions (a condition is one expression that is true or false)
    fn f() { 5 }
    ^^ `fn` is not part of conditions (a condition is one expression that is true or false)
    import "x" as y
    ^^^^^^ `import` is not part of conditions (a condition is one expression that is true or false)
    import "x" as y
               ^^ `as` is not part of conditions (a condition is one expression that is true or false)
    eval("tps < 5")
    ^^^^^^^^^^^^^^^ `eval` is not part of conditions (a condition can only look at its queries)
    print(tps)
    ^^^^^^^^^^ `print` is not part of conditions (a condition can only look at its queries)
    tps ?? 0 < 5
        ^^ there is no `??` (say what a missing value means: `tps.missing() || tps < 5`)
    tps?.avg("5m") < 5
       ^^ there is no `?.` (write `.`: what is missing is unknown by itself)
    labels["chain"] == "a"
    ^^^^^^^^^^^^^^^ `[…]` after a value is not part of conditions (a label is read as `labels.chain`)
    labels.chain == 'sepolia'
                    ^^^^^^^^^ text stands in double quotes (write `"sepolia"`)
    labels.chain == `sepolia`
                    ^^^^^^^^^ text stands in double quotes (write `"sepolia"`)
    tps.drop("30m") > 40%
                        ^ there are no percentages (write a fraction: `0.4` for 40 %)
    tps ** 2 > 4
        ^^ there are no powers (write the product: `x * x`)
    tps & gas > 1
    ^^^^^^^^^^^^^ `&` is not part of conditions (write `&&`)
    tps > 1 | gas > 1
    ^^^^^^^^^^^^^^^^^ `|` is not part of conditions (write `||`)
    tps > 1 ^ gas > 1
    ^^^^^^^^^^^^^^^^^ `^` is not part of conditions (write `a && !b || !a && b`)
    tps <> 5
        ^^ this is not how difference is written (write `!=`)
    tps === 5
        ^^^ there is no `===` (write `==`)
    tps ≥ 5
        ^ there is no `≥` (write `>=`)
    tps < 5 // low
            ^^^^^^ `//` comments are not part of conditions (write `/* … */`, or a YAML comment above the key)
    tps > 5m
          ^^ `5m` is no number (a window stands in quotes, `"5m"`; a bound is a plain number)
    tps > 1e400
          ^^^^^ this number is too large (the largest is about 1.8e308)
    tps == 9007199254740993
           ^^^^^^^^^^^^^^^^ a 64-bit float cannot hold this number (write `9007199254740992`, the nearest one)
    { tps < 5 }
    ^ there are no blocks (group with `(…)`)
    #{a: 1}
     ^ there are no blocks (group with `(…)`)
    |v| v < 5
    ^ a function is not part of conditions (only `held` takes one: `tps.held("5m", |v| v < 5)`)
    [1, 2]
    ^^^^^^ a list by itself is not part of conditions (write `labels.chain in ["sepolia", "holesky"]`)
    0..5
    ^^^^ a range by itself is not part of conditions (write `now.hour() in 9..17`)
    true
    ^^^^ this condition is always true (let it depend on a query)
    1 < 2 || tps < 5
    ^^^^^^^^^^^^^^^^ this condition is always true (let it depend on a query)
    tps < 5 && false
    ^^^^^^^^^^^^^^^^ this condition is always false (let it depend on a query)
    "##);
}

#[test]
fn what_rhai_cannot_parse() {
    let texts = [
        "tps <",
        "(tps < 5",
        "tps < 5)",
        "(tps < 5]",
        "tps 5",
        "tps < 5 gas > 3",
        "tps < 5 &&",
        "&& tps < 5",
        "tps < \"abc",
        "tps < 5 && \"a\\qb\" == labels.chain",
        "tps.avg(\"5m\" < 5",
        "tps < 5 && @",
        "tps < 08x",
        "5 && tps < 3",
        "tps\n  < 5\n  && gäs > 3",
    ];
    insta::assert_snapshot!(all_refused(&texts), @r##"
    tps <
         ^ something must follow `<`
    (tps < 5
    ^ this `(` is never closed (close it)
    tps < 5)
           ^ this `)` closes nothing (take it away, or open it before)
    (tps < 5]
            ^ this `]` closes nothing (take it away, or open it before)
    (tps < 5]
    ^ this `(` is never closed (close it)
    tps 5
        ^ `5` is unexpected here (join conditions with `&&` or `||`)
    tps < 5 gas > 3
            ^^^ `gas` is unexpected here (join conditions with `&&` or `||`)
    tps < 5 &&
              ^ something must follow `&&`
    && tps < 5
    ^^ `&&` is unexpected here (join conditions with `&&` or `||`)
    tps < "abc
          ^^^^ this text is never closed (end it with `"`)
    tps < 5 && "a\qb" == labels.chain
               ^^^^^^ invalid escape sequence: '\q'
    tps.avg("5m" < 5
           ^ this `(` is never closed (close it)
    tps < 5 && @
               ^ '@' is a reserved symbol
    tps < 08x
          ^^^ `08x` is unexpected here (join conditions with `&&` or `||`)
    5 && tps < 3
    ^ `&&` and `||` join conditions, and this is a number (compare it, for example `tps > 0`)
    tps
      < 5
      && gäs > 3
                    ^ `ä` is unexpected here (join conditions with `&&` or `||`)
    "##);
}

#[test]
fn every_mistake_is_told_at_once() {
    insta::assert_snapshot!(refused("tpss < 5 && gas.average(\"5m\") > labels.chian || tps.avg(\"3h\") > \"x\""), @r##"
    tpss < 5 && gas.average("5m") > labels.chian || tps.avg("3h") > "x"
    ^^^^ no query is called `tpss` (did you mean `tps`?)
    tpss < 5 && gas.average("5m") > labels.chian || tps.avg("3h") > "x"
                ^^^^^^^^^^^^^^^^^ a query has no call `average` (the calls are: `avg`, `min`, `max`, `sum`, `stddev`, `count`, `quantile`, `delta`, `slope`, `drop`, `rise`, `zscore`, `held`, `missing`, `age`, `ago`)
    tpss < 5 && gas.average("5m") > labels.chian || tps.avg("3h") > "x"
                                           ^^^^^ the label `chian` is not one of `join` (did you mean `chain`?)
    tpss < 5 && gas.average("5m") > labels.chian || tps.avg("3h") > "x"
                                                            ^^^^ `3h` reaches further back than the `history: 1h` of query `tps` (set `history: 3h` on the query `tps`)
    "##);
}

#[test]
fn size_and_depth_are_bounded() {
    let deep = format!("{}tps < 5{}", "(".repeat(200), ")".repeat(200));
    assert!(compile(&deep).unwrap_err()[0].message.contains("deep"));
    let long = vec!["tps < 5"; 2_000].join(" && ");
    assert!(compile(&long).unwrap_err()[0].message.contains("longer"));
    let many = vec!["tps < 5"; 90].join(" && ");
    assert!(compile(&many).is_ok());
    let nested = format!("{}tps < 5{}", "!(".repeat(20), ")".repeat(20));
    assert!(compile(&nested).is_ok());
}

#[test]
fn a_query_cannot_be_called_what_conditions_call_something_else() {
    for name in ["tps", "_x1", "min", "p99"] {
        assert_eq!(check_query_name(name), Ok(()), "{name}");
    }
    for name in ["labels", "now", "if", "true", "in", "let", "default", "1x", "a-b", "é", "", "_", "a b"] {
        assert!(check_query_name(name).is_err(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_compiler_panic_and_every_mistake_has_a_place_in_it(
        pieces in prop::collection::vec(prop_oneof![
            3 => prop::sample::select(vec![
                "tps", "gas", "labels", "now", "v", "5", "0.5", "\"5m\"", "\"", "'", "(", ")", "[", "]", "{", "}", "|v|", "|", "||", "&&", "!", "<", ">=",
                "==", "-", "+", "*", "/", "%", ".", "..", "..=", ",", ".avg(", ".held(", ".missing()", ".chain", "in", "firing(", "1e5", "é", "//", "/*", "*/",
                "::", "??", "?.", "if", "let", "fn", "=", ";", "`", "${", "#{", "\\", "\n", "5m", "0x", "9223372036854775808", "min(", "curry(", "this", "Fn(",
            ]).prop_map(str::to_owned),
            1 => any::<String>(),
        ], 0..14),
        glue in prop::sample::select(vec!["", " "]),
    ) {
        let text = pieces.join(glue);
        if let Err(errors) = compile(&text) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(text.get(error.range.clone()).is_some(), "{text:?} {error:?}");
            }
        }
    }
}
