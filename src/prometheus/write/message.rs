//! The body of a remote-write request, version 1.0: protobuf, then snappy in its block format.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>

use super::Written;
use crate::model::Labels;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// Writes samples down. Those of one series stay in the order in which they are given.
pub fn encode(samples: &[Written]) -> Result<Vec<u8>, snap::Error> {
    let timeseries = samples.iter().map(|written| TimeSeries {
        labels: labels(&written.labels),
        samples: vec![Sample { value: written.value, timestamp: written.at.millis() }],
    });
    let message = Request { timeseries: timeseries.collect() }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&message)
}

/// The protocol wants label names in order, which ours are.
fn labels(labels: &Labels) -> Vec<Label> {
    labels.iter().map(|(name, value)| Label { name: name.to_string(), value: value.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Slot;
    use crate::prometheus::write::STALE;

    #[test]
    fn what_is_written_is_read_back_bit_by_bit() {
        let of = |at, value| Written {
            labels: Labels::new([("z", "ü"), ("__name__", "chain:tps"), ("a", "\"\n")]),
            value,
            at: Slot::from_millis(at),
        };
        let body = encode(&[of(-5, 1.5), of(10, STALE)]).expect("it is small");
        let message = snap::raw::Decoder::new().decompress_vec(&body).expect("it was just compressed");
        let read = Request::decode(&*message).expect("it was just encoded");
        let names: Vec<&str> = read.timeseries[0].labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["__name__", "a", "z"]);
        let samples: Vec<(i64, u64)> = read
            .timeseries
            .iter()
            .flat_map(|series| &series.samples)
            .map(|sample| (sample.timestamp, sample.value.to_bits()))
            .collect();
        assert_eq!(samples, [(-5, 1.5_f64.to_bits()), (10, 0x7ff0_0000_0000_0002)]);
    }
}
