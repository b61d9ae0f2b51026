//! Series and expressions drawn by a seed: always the same for the same number.

use std::fmt::Write;

/// Draws numbers; the same seed draws the same ones.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).expect("a small number")]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A number that is exact in binary, so that sums of such are exact as well.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn eighths(&mut self, bound: u64) -> f64 {
        self.below(bound * 8) as f64 / 8.0
    }
}

/// A series: metric, labels, and its samples as milliseconds after the start and value.
pub struct Drawn {
    pub metric: &'static str,
    pub labels: Vec<(&'static str, &'static str)>,
    pub samples: Vec<(i64, f64)>,
}

/// How long the series are.
pub const LENGTH: i64 = 40 * 60_000;

/// Counters that start anew, gauges, gaps, ends, and buckets.
pub fn series(stale: f64) -> Vec<Drawn> {
    let mut draw = Draw::new(42);
    let mut all = Vec::new();
    for job in ["api", "web"] {
        for instance in ["a", "b", "c"] {
            for metric in ["errors_total", "requests_total"] {
                let labels = vec![("instance", instance), ("job", job)];
                let samples = counter(&mut draw, stale);
                all.push(Drawn { metric, labels, samples });
            }
            for zone in ["x", "y"] {
                let labels = vec![("instance", instance), ("job", job), ("zone", zone)];
                all.push(Drawn { metric: "load", labels, samples: gauge(&mut draw, stale) });
            }
        }
        let team = if job == "api" { "core" } else { "edge" };
        let constant = (0..80).map(|step| (step * 30_000, 1.0)).collect();
        all.push(Drawn { metric: "owner", labels: vec![("job", job), ("team", team)], samples: constant });
        all.extend(histogram(&mut draw, job));
    }
    all
}

fn times(draw: &mut Draw) -> Vec<i64> {
    let (mut at, mut times) = (i64::try_from(draw.below(15_000)).expect("small"), Vec::new());
    let step = if draw.chance(50) { 15_000 } else { 30_000 };
    let jitters = draw.chance(50);
    while at < LENGTH {
        if !draw.chance(8) {
            let jitter = if jitters { i64::try_from(draw.below(700)).expect("small") } else { 0 };
            times.push(at + jitter);
        }
        at += step;
        if draw.chance(1) {
            at += 6 * 60_000;
        }
    }
    times
}

fn counter(draw: &mut Draw, stale: f64) -> Vec<(i64, f64)> {
    let mut value = draw.eighths(100);
    let mut samples = Vec::new();
    for at in times(draw) {
        value = if draw.chance(4) { draw.eighths(4) } else { value + draw.eighths(20) };
        samples.push((at, if draw.chance(1) { stale } else { value }));
    }
    samples
}

fn gauge(draw: &mut Draw, stale: f64) -> Vec<(i64, f64)> {
    let mut samples = Vec::new();
    for at in times(draw) {
        let value = match draw.below(60) {
            0 => f64::NAN,
            1 => stale,
            2 => f64::INFINITY,
            3 => -0.0,
            4..20 => 2.0,
            _ => draw.eighths(40) - 10.0,
        };
        samples.push((at, value));
    }
    samples
}

fn histogram(draw: &mut Draw, job: &'static str) -> Vec<Drawn> {
    let bounds = ["0.1", "0.5", "1", "2.5", "+Inf"];
    let mut counts = [0.0; 5];
    let mut all: Vec<Drawn> = bounds
        .map(|bound| Drawn { metric: "latency_bucket", labels: vec![("job", job), ("le", bound)], samples: Vec::new() })
        .into();
    for step in 0..80 {
        let mut grown = 0.0;
        for (count, drawn) in counts.iter_mut().zip(&mut all) {
            grown += draw.eighths(6).floor();
            *count += grown;
            drawn.samples.push((step * 30_000, *count));
        }
    }
    all
}

/// Draws expressions.
pub struct Generator {
    draw: Draw,
    /// Whether only what Prometheus 2 computes to the same bit is drawn.
    is_old: bool,
    /// Whether steps of a range are asked, where Prometheus sums in no certain order.
    in_range: bool,
}

const DURATIONS: [&str; 7] = ["30s", "1m", "90s", "2m30s", "5m", "10m", "17s"];

impl Generator {
    pub fn new(seed: u64, is_old: bool, in_range: bool) -> Self {
        Generator { draw: Draw::new(seed), is_old, in_range }
    }

    /// An expression, and whether its last bits are certain.
    pub fn expression(&mut self) -> (String, bool) {
        if self.draw.chance(6) {
            let function = self.draw.one(&[
                "exp", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
                "asinh", "acosh", "atanh",
            ]);
            return (format!("{function}({})", self.vector(1)), false);
        }
        (self.vector(3), true)
    }

    fn selector(&mut self) -> String {
        let metric = self.draw.one(&["errors_total", "requests_total", "load", "load", "owner", "latency_bucket"]);
        let matcher = self.draw.one(&[
            "",
            "",
            "{job=\"api\"}",
            "{instance!=\"a\"}",
            "{instance=~\"a|b\"}",
            "{job!~\"w.*\",instance=~\".+\"}",
            "{zone=\"\"}",
            "{nothing=\"here\"}",
        ]);
        if self.draw.chance(3) {
            return "{job=\"api\",instance=\"a\"}".into();
        }
        format!("{metric}{matcher}")
    }

    fn modifiers(&mut self) -> String {
        let mut text = String::new();
        if self.draw.chance(10) {
            let sign = self.draw.one(&["", "-"]);
            let _ = write!(text, " offset {sign}{}", self.draw.one(&DURATIONS));
        }
        if self.draw.chance(6) {
            let at = self.draw.one(&["1767600900", "1767601500.5", "start()", "end()"]);
            let _ = write!(text, " @ {at}");
        }
        text
    }

    fn range(&mut self, depth: u32) -> String {
        if depth > 0 && self.draw.chance(20) {
            let before = std::mem::replace(&mut self.in_range, true);
            let of = self.vector(depth - 1);
            self.in_range = before;
            let step = self.draw.one(&["", "30s", "1m", "17s"]);
            return format!("({of})[{}:{step}]{}", self.draw.one(&DURATIONS), self.modifiers());
        }
        format!("{}[{}]{}", self.selector(), self.draw.one(&DURATIONS), self.modifiers())
    }

    fn scalar(&mut self, depth: u32) -> String {
        match self.draw.below(if depth == 0 { 4 } else { 7 }) {
            0 | 1 => self.draw.one(&["0", "1", "2", "0.5", "-3", "1e3", "Inf", "NaN", "7.25"]).into(),
            2 => "time()".into(),
            3 => "pi()".into(),
            4 => format!("scalar({})", self.vector(depth - 1)),
            5 => format!("-({})", self.scalar(depth - 1)),
            _ => {
                let operator = self.draw.one(&["+", "-", "*", "/", "%", "^ 2 *", "== bool", "> bool"]);
                format!("({} {operator} {})", self.scalar(depth - 1), self.scalar(depth - 1))
            }
        }
    }

    fn vector(&mut self, depth: u32) -> String {
        if depth == 0 {
            return format!("{}{}", self.selector(), self.modifiers());
        }
        match self.draw.below(12) {
            0 => format!("{}{}", self.selector(), self.modifiers()),
            1..4 => self.over_time(depth),
            4..6 => self.aggregation(depth - 1),
            6 | 7 => self.function(depth - 1),
            8 => self.with_scalar(depth - 1),
            9 | 10 => self.matching(depth - 1),
            _ => format!("-{}", self.vector(depth - 1)),
        }
    }

    fn over_time(&mut self, depth: u32) -> String {
        let old = [
            "rate",
            "increase",
            "delta",
            "irate",
            "idelta",
            "changes",
            "resets",
            "deriv",
            "sum_over_time",
            "min_over_time",
            "max_over_time",
            "count_over_time",
            "last_over_time",
            "present_over_time",
            "absent_over_time",
        ];
        let new = ["avg_over_time", "stddev_over_time", "stdvar_over_time"];
        match self.draw.below(20) {
            0 => format!("predict_linear({}, {})", self.range(depth - 1), self.draw.one(&["60", "3600", "-90.5"])),
            1 => {
                let q = self.draw.one(&["0", "0.25", "0.5", "0.9", "1", "-1", "2"]);
                format!("quantile_over_time({q}, {})", self.range(depth - 1))
            }
            2..5 if !self.is_old => format!("{}({})", self.draw.one(&new), self.range(depth - 1)),
            _ => format!("{}({})", self.draw.one(&old), self.range(depth - 1)),
        }
    }

    fn grouping(&mut self) -> &'static str {
        self.draw.one(&[
            "",
            "by (job) ",
            "by (instance, job) ",
            "without (instance) ",
            "without (zone, le) ",
            "by (zone) ",
        ])
    }

    fn aggregation(&mut self, depth: u32) -> String {
        let grouping = self.grouping();
        if self.draw.chance(45) {
            // The order of summing counts: in a range it is certain only of what was selected.
            let operation = if self.is_old { "sum" } else { self.draw.one(&["sum", "avg", "stddev", "stdvar"]) };
            let of = match (self.is_old, self.in_range) {
                // Prometheus 2 keeps a negative zero, which counters do not have.
                (true, _) => "requests_total".into(),
                (false, true) => format!("rate({}[5m])", self.selector()),
                (false, false) => self.vector(depth),
            };
            return format!("{operation} {grouping}({of})");
        }
        match self.draw.below(8) {
            0 | 1 => {
                // Which of equal values stay is another matter before Prometheus 3, unless it is one or all.
                let k = if self.is_old { ["1", "0", "100"] } else { ["1", "2", "3"] };
                let k = self.draw.one(&k);
                let operation = self.draw.one(&["topk", "bottomk"]);
                // And of several `NaN` Prometheus 2 keeps the last one.
                let of = match (self.is_old, self.in_range) {
                    (true, _) => "requests_total".into(),
                    (false, true) => self.selector(),
                    (false, false) => self.vector(depth),
                };
                // What comes from a hash map has no first one among equals.
                let of = if of.contains("histogram_") { self.selector() } else { of };
                format!("{operation} {grouping}({k}, {of})")
            }
            2 => format!(
                "quantile {grouping}({}, {})",
                self.draw.one(&["0", "0.3", "0.5", "1", "1.5"]),
                self.vector(depth)
            ),
            3 => format!("count_values {grouping}(\"value\", {})", self.vector(depth)),
            _ => format!("{} {grouping}({})", self.draw.one(&["min", "max", "count", "group"]), self.vector(depth)),
        }
    }

    fn function(&mut self, depth: u32) -> String {
        match self.draw.below(10) {
            0 | 1 => {
                let simple =
                    ["abs", "ceil", "floor", "sqrt", "sgn", "deg", "rad", "sort", "sort_desc", "timestamp", "absent"];
                format!("{}({})", self.draw.one(&simple), self.vector(depth))
            }
            2 => {
                let function = self.draw.one(&["clamp_min", "clamp_max", "round"]);
                format!("{function}({}, {})", self.vector(depth), self.scalar(1))
            }
            3 => format!("clamp({}, {}, {})", self.vector(depth), self.scalar(0), self.scalar(1)),
            4 => format!(
                "label_replace({}, \"{}\", \"{}\", \"instance\", \"{}\")",
                self.vector(depth),
                self.draw.one(&["instance", "copy", "job"]),
                self.draw.one(&["$1", "x-${1}", "$1y", "", "$$"]),
                self.draw.one(&["(.*)", "(a|b)", "a", "(?i)(B)"]),
            ),
            5 => format!(
                "label_join({}, \"{}\", \"-\", \"job\", \"instance\")",
                self.vector(depth),
                self.draw.one(&["both", "job"])
            ),
            6 => {
                let part =
                    ["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"];
                let of = self.draw.one(&["", "vector(time())", "requests_total * 86400 - 9e7", "vector(1709210096)"]);
                format!("{}({of})", self.draw.one(&part))
            }
            7 | 8 => {
                let of = self.draw.one(&[
                    "latency_bucket",
                    "rate(latency_bucket[5m])",
                    "latency_bucket{le!=\"1\"}",
                    "latency_bucket{le!=\"+Inf\"}",
                    "-latency_bucket",
                ]);
                if !self.is_old && self.draw.chance(30) {
                    // Below the first bound Prometheus 3.5 finds nothing but NaN, and later ones a number, as we do.
                    let lower = self.draw.one(&["0.1", "0.2", "0.7", "-Inf"]);
                    return format!("histogram_fraction({lower}, {}, {of})", self.draw.one(&["0.3", "1", "5", "Inf"]));
                }
                let q = self.draw.one(&["0", "0.1", "0.5", "0.99", "1", "-0.1", "1.1"]);
                format!("histogram_quantile({q}, {of})")
            }
            _ => format!("vector({})", self.scalar(depth)),
        }
    }

    fn operator(&mut self) -> &'static str {
        self.draw.one(&["+", "-", "*", "/", "%", "==", "!=", ">", "<", ">=", "<=", "> bool", "== bool", "< bool"])
    }

    fn with_scalar(&mut self, depth: u32) -> String {
        let operator = self.operator();
        if self.draw.chance(50) {
            return format!("({} {operator} {})", self.vector(depth), self.scalar(1));
        }
        if self.draw.chance(15) {
            return format!("({} ^ {})", self.vector(depth), self.draw.one(&["2", "3", "-1", "-2", "10", "0", "400"]));
        }
        format!("({} {operator} {})", self.scalar(1), self.vector(depth))
    }

    fn matching(&mut self, depth: u32) -> String {
        let (left, right) = (self.vector(depth), self.vector(depth));
        if self.draw.chance(40) {
            let matching =
                self.draw.one(&["", "on (job) ", "on (job, instance) ", "ignoring (zone) ", "ignoring (le, zone) "]);
            return format!("({left} {} {matching}{right})", self.draw.one(&["and", "or", "unless"]));
        }
        let operator = self.operator();
        if self.draw.chance(25) {
            let include = self.draw.one(&["", "(team)", "(team, zone)"]);
            let many = self.draw.one(&["errors_total", "requests_total", "load", "rate(requests_total[5m])"]);
            if self.draw.chance(50) {
                return format!("({many} {operator} on (job) group_left {include} owner)");
            }
            return format!("(owner {operator} on (job) group_right {include} {many})");
        }
        let matching =
            self.draw.one(&["", "on (job, instance) ", "on (instance) ", "ignoring (zone) ", "ignoring (job) "]);
        let group = if matching.is_empty() { "" } else { self.draw.one(&["", "", "group_left ", "group_right "]) };
        format!("({left} {operator} {matching}{group}{right})")
    }
}
