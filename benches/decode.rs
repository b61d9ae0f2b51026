//! What decoding costs per series, once the series are known: `cargo bench --bench decode`.
//!
//! Series carry eight labels and about 325 bytes, as a node exporter's do. The target is 110 ns.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]

use std::hint::black_box;
use std::time::Instant;
use watchbell::prometheus::Decoder;

fn main() {
    for count in [10, 1_000, 10_000, 100_000, 1_000_000] {
        let (first, second) = (body(count, 0), body(count, 1));
        let mut decoder = Decoder::new();
        let learning = timed(|| decoder.decode(&first).map(|answer| answer.samples.len()));
        let rounds = (2_000_000 / count).clamp(7, 5_000);
        let mut costs: Vec<f64> = (0..rounds)
            .map(|round| {
                timed(|| decoder.decode(if round % 2 == 0 { &second } else { &first }).map(|a| a.samples.len()))
            })
            .collect();
        costs.sort_by(f64::total_cmp);
        let (per, bytes) = (count as f64, first.len() / count);
        println!(
            "{count:>7} series of {bytes} bytes: {:6.1} ns/series (best {:.1}), first sight {:.0}",
            costs[rounds / 2] / per,
            costs[0] / per,
            learning / per
        );
    }
}

/// Nanoseconds that `work` takes.
fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_nanos() as f64
}

/// An answer of `count` series whose values depend on `round`.
fn body(count: usize, round: usize) -> Vec<u8> {
    let items: Vec<_> = (0..count)
        .map(|n| {
            format!(
                r#"{{"metric":{{"__name__":"node_network_transmit_bytes_total","cluster":"production-eu-central-1","container":"node-exporter","device":"eth{}","environment":"production","instance":"10.{}.{}.{}:9100","job":"kubernetes-node-exporter","namespace":"monitoring-system","pod":"node-exporter-{n:08x}"}},"value":[1735689600.123,"{}.{}"]}}"#,
                n % 4, n / 65536, n / 256 % 256, n % 256, n * 37 % 100_000, round + n % 10
            )
        })
        .collect();
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, items.join(",")).into_bytes()
}
