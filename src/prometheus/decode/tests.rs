//! What an answer says does not depend on how it is written, and no damage to it goes unseen.

use super::known::Known;
use super::{Decoder, decode_range, json, scan};
use crate::model::{Answer, Labels, Slot};
use crate::prometheus::QueryError;
use proptest::prelude::*;

const ONE: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"node"},"value":[1735689600.123,"1"]}]}}"#;

/// An answer as text: labels and value, series by series.
fn told(decoder: &Decoder, answer: &Answer) -> Vec<String> {
    answer.samples.iter().map(|s| format!("{} {}", decoder.table().labels(s.series), s.value)).collect()
}

/// Decodes `body` anew and tells it.
fn read(body: &str) -> Vec<String> {
    let mut decoder = Decoder::new();
    let answer = decoder.decode(body.as_bytes()).unwrap();
    told(&decoder, &answer)
}

fn vector_of(items: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{items}]}}}}"#)
}

/// Whether the quick way understands `body` by itself.
fn is_scanned(body: &str) -> bool {
    scan::vector(body.as_bytes(), &mut Known::default(), &mut Answer::default()).is_some()
}

#[test]
fn what_prometheus_and_victoria_metrics_write_takes_the_quick_way() {
    let victoria = r#"{"status":"success","isPartial":false,"data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1735689600,"1"]}]},"stats":{"seriesFetched": "1","executionTimeMsec":3}}"#;
    let warned = ONE.replace("]}}", r#"]},"warnings":["w"],"infos":["i"]}"#);
    let newline = format!("{ONE}\n");
    for body in [ONE, victoria, &warned, &newline, &vector_of("")] {
        assert!(is_scanned(body), "{body}");
    }
    assert_eq!(read(victoria), [r#"{__name__="up"} 1"#]);
    let remarks = Decoder::new().decode(warned.as_bytes()).unwrap().warnings;
    assert_eq!(remarks, ["w", "i"]);
}

#[test]
fn a_known_series_keeps_its_number_whatever_the_order_of_its_labels() {
    let mut decoder = Decoder::new();
    let first = decoder.decode(ONE.as_bytes()).unwrap();
    let turned = ONE.replace(r#""__name__":"up","job":"node""#, r#""job":"node","__name__":"\u0075p""#);
    let second = decoder.decode(turned.as_bytes()).unwrap();
    assert_eq!(first.samples[0].series, second.samples[0].series);
    assert_eq!(decoder.table().len(), 1);
}

#[test]
fn other_white_space_and_order_say_the_same() {
    let spaced = r#" { "data" : { "result" : [ { "value" : [ 1.7e9, "2.5" ], "metric" : { "a" : "b" } } ], "resultType" : "vector" }, "status" : "success" } "#;
    assert!(!is_scanned(spaced));
    assert_eq!(read(spaced), [r#"{a="b"} 2.5"#]);
}

#[test]
fn the_values_no_decimal_can_write_are_read_as_prometheus_means_them() {
    let items = ["NaN", "+Inf", "-Inf", "1e+09", "-0.5", "5e-324"]
        .map(|value| format!(r#"{{"metric":{{}},"value":[1,"{value}"]}}"#))
        .join(",");
    assert!(is_scanned(&vector_of(&items)));
    assert_eq!(
        read(&vector_of(&items)),
        ["{} NaN", "{} inf", "{} -inf", "{} 1000000000", "{} -0.5", &format!("{{}} {}", 5e-324)]
    );
}

#[test]
fn a_native_histogram_does_not_fail_its_neighbours() {
    let body = vector_of(
        r#"{"metric":{"a":"1"},"value":[1,"1"]},{"metric":{"a":"2"},"histogram":[1,{"count":"3","sum":"4","buckets":[[0,"1","2","3"]]}]},{"metric":{"a":"3"},"value":[1,"3"]}"#,
    );
    let mut decoder = Decoder::new();
    let answer = decoder.decode(body.as_bytes()).unwrap();
    assert_eq!(told(&decoder, &answer), [r#"{a="1"} 1"#, r#"{a="2"} NaN"#, r#"{a="3"} 3"#]);
    assert_eq!(answer.histograms, [answer.samples[1].series]);
}

#[test]
fn a_scalar_is_one_sample_without_labels() {
    assert_eq!(read(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"42"]}}"#), ["{} 42"]);
}

#[test]
fn a_series_that_comes_twice_is_passed_on_twice() {
    let item = r#"{"metric":{"a":"1"},"value":[1,"1"]}"#;
    assert_eq!(read(&vector_of(&format!("{item},{item}"))).len(), 2);
}

#[test]
fn a_partial_answer_says_so() {
    let partial = ONE.replace(r#""data""#, r#""isPartial":true,"data""#);
    assert!(is_scanned(&partial));
    assert_eq!(Decoder::new().decode(partial.as_bytes()).unwrap().warnings, [scan::PARTIAL]);
}

#[test]
fn what_is_no_answer_is_refused_with_its_reason() {
    let told = |body: &str| Decoder::new().decode(body.as_bytes()).unwrap_err().to_string();
    let all = [
        "",
        "<html><body>Bad gateway</body></html>",
        &ONE[..ONE.len() - 20],
        "[]",
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":{"resultType":"vector","result":null}}"#,
        r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
        r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#,
        r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
        &ONE.replace("\"1\"", "\"one\""),
        &ONE.replace("\"node\"", "7"),
        &vector_of(r#"{"metric":{}}"#),
    ]
    .map(told)
    .join("\n");
    insta::assert_snapshot!(all, @r#"
    the answer is not Prometheus's (status 200): it is empty
    the answer is not Prometheus's (status 200): it looks like HTML: <html><body>Bad gateway</body></html>
    the answer is not Prometheus's (status 200): the JSON ends in the middle, after 113 bytes
    the answer is not Prometheus's (status 200): invalid length 0, expected an object with a status and data at line 1 column 2: []
    the answer is not Prometheus's (status 200): it has no data
    the answer is not Prometheus's (status 200): invalid type: null, expected a sequence at line 1 column 4
    the query gives a matrix where an instant vector or a scalar was due
    the query gives a string where an instant vector or a scalar was due
    the source refused the query (200 bad_data): parse error
    the answer is not Prometheus's (status 200): `one` is no number
    the answer is not Prometheus's (status 200): {"__name__":"up","job":7} is no set of labels
    the answer is not Prometheus's (status 200): a series has no value
    "#);
}

#[test]
fn the_dead_are_forgotten_when_they_are_the_majority() {
    let many = |from: usize| {
        let items: Vec<_> =
            (from..from + 2000).map(|n| format!(r#"{{"metric":{{"n":"{n}"}},"value":[1,"1"]}}"#)).collect();
        vector_of(&items.join(","))
    };
    let mut decoder = Decoder::new();
    for round in 0..20 {
        decoder.decode(many(round * 500).as_bytes()).unwrap();
        assert!(decoder.table().len() <= 4500);
    }
    assert!(decoder.table().epoch() > 0);
    decoder.decode(ONE.as_bytes()).unwrap();
    decoder.decode(ONE.as_bytes()).unwrap();
    assert_eq!(decoder.table().len(), 1);
}

#[test]
fn a_matrix_gives_each_series_with_its_times() {
    let body = br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1735689600.123,"1"],[1735689630.123,"NaN"]]}]}}"#;
    let series = decode_range(body).unwrap().series;
    assert_eq!(series[0].labels, Labels::new([("a", "1")]));
    assert_eq!(series[0].samples[0], (Slot::from_millis(1_735_689_600_123), 1.0));
    assert!(series[0].samples[1].1.is_nan());
    let vector = decode_range(ONE.as_bytes()).unwrap_err();
    assert!(matches!(vector, QueryError::NotPrometheus { .. }), "{vector}");
}

/// Label values that try to look like the end of the labels, and every kind of escape.
fn label_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        Just("\"},\"value\":[".to_owned()),
        Just("a\\".to_owned()),
        Just("\\\"},".to_owned()),
        "\\PC{0,8}",
        Just("\u{1f514}\n\t\"".to_owned())
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("NaN".to_owned()),
        Just("+Inf".to_owned()),
        Just("-Inf".to_owned()),
        any::<f64>().prop_map(|n| n.to_string()),
        "[0-9]{1,4}"
    ]
}

/// An item's labels, whether they are written in ASCII only, and its value.
fn item() -> impl Strategy<Value = String> {
    let labels = prop::collection::vec(("[a-z_]{1,4}", label_value(), any::<bool>()), 0..4);
    (labels, number(), 0..20).prop_map(|(labels, number, odd)| {
        let labels: Vec<_> = labels.iter().map(|(n, v, ascii)| format!("\"{n}\":{}", written(v, *ascii))).collect();
        let value = if odd == 0 {
            r#""histogram":[1,{"count":"1"}]"#.to_owned()
        } else {
            format!(r#""value":[1.5,"{number}"]"#)
        };
        format!(r#"{{"metric":{{{}}},{value}}}"#, labels.join(","))
    })
}

/// `text` as a JSON string, with everything beyond ASCII escaped if `ascii`.
fn written(text: &str, ascii: bool) -> String {
    let mut written = String::new();
    for c in serde_json::to_string(text).unwrap().chars() {
        if c.is_ascii() || !ascii {
            written.push(c);
        } else {
            written.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    written
}

fn body() -> impl Strategy<Value = String> {
    let tail = prop_oneof![Just(""), Just(r#","warnings":["w"]"#), Just(r#","stats":{}"#)];
    (prop::collection::vec(item(), 0..6), tail).prop_map(|(items, tail)| {
        let mut body = vector_of(&items.join(","));
        body.insert_str(body.len() - 1, tail);
        body
    })
}

/// Claims that the quick way, where it answers, says exactly what the slow one says.
fn the_ways_agree(body: &[u8]) -> Result<bool, TestCaseError> {
    let (mut quick, mut slow) = (Known::default(), Known::default());
    let mut scanned = Answer::default();
    if scan::vector(body, &mut quick, &mut scanned).is_none() {
        return Ok(false);
    }
    let parsed = json::instant(body, &mut slow).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let plain = |known: &Known, answer: &Answer| -> Vec<_> {
        answer.samples.iter().map(|s| (known.table().labels(s.series).clone(), s.value.to_bits())).collect()
    };
    prop_assert_eq!(plain(&quick, &scanned), plain(&slow, &parsed));
    prop_assert_eq!((scanned.warnings, scanned.histograms), (parsed.warnings, parsed.histograms));
    Ok(true)
}

proptest! {
    #[test]
    fn both_ways_say_the_same_and_plain_vectors_take_the_quick_one(body in body()) {
        prop_assert_eq!(the_ways_agree(body.as_bytes())?, !body.contains(r#""histogram""#));
    }

    #[test]
    fn damage_never_panics_and_half_an_answer_is_never_taken_for_a_whole_one(body in body(), at in any::<prop::sample::Index>(), byte: u8, cut in any::<bool>()) {
        let mut bytes = body.into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        the_ways_agree(&bytes)?;
        let decoded = Decoder::new().decode(&bytes);
        prop_assert!(!cut || decoded.is_err());
    }
}
