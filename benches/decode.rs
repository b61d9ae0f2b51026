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
        let learning = processor_time(|| read(&mut decoder, &first));
        let rounds = (4_000_000 / count).max(7);
        let mut best = f64::INFINITY;
        let known = processor_time(|| {
            for round in 0..rounds {
                let start = Instant::now();
                read(&mut decoder, if round % 2 == 0 { &second } else { &first });
                best = best.min(start.elapsed().as_nanos() as f64);
            }
        });
        let (per, bytes) = (count as f64, first.len() / count);
        println!(
            "{count:>7} series of {bytes} bytes: {:6.1} ns CPU per series (best round {:.1}), at first sight {:.0}",
            known / per / rounds as f64,
            best / per,
            learning / per
        );
    }
}

fn read(decoder: &mut Decoder, body: &[u8]) {
    black_box(decoder.decode(body).expect("it is an answer").samples.len());
}

/// Nanoseconds of processor time that `work` takes on this thread, which other load on the machine does not change
/// (Linux only; exact to a few milliseconds, so that short work is repeated).
fn processor_time(work: impl FnOnce()) -> f64 {
    let now = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux accounts for threads");
        stat.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).expect("it counts nanoseconds")
    };
    let before = now();
    work();
    now() - before
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
