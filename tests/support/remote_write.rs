//! Prometheus remote write 1.0, made by hand: a few lines of protobuf, and snappy without compression.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>,
//! <https://github.com/google/snappy/blob/main/format_description.txt>

/// A series to write: its labels (with `__name__`) and its samples as (milliseconds since 1970, value), oldest first.
pub struct Series {
    labels: Vec<(String, String)>,
    samples: Vec<(i64, f64)>,
}

impl Series {
    /// A series by the name of its metric and further labels.
    pub fn new(metric: &str, labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
        let mut all: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("__name__".to_owned(), metric.to_owned()));
        // The protocol wants label names in order.
        all.sort();
        Series { labels: all, samples: samples.to_vec() }
    }
}

/// The body of a write request.
pub fn encode(series: &[Series]) -> Vec<u8> {
    let message: Vec<u8> = series.iter().flat_map(|one| field(1, &time_series(one))).collect();
    snappy(&message)
}

fn time_series(series: &Series) -> Vec<u8> {
    let labels = series
        .labels
        .iter()
        .flat_map(|(name, value)| field(1, &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat()));
    labels.chain(series.samples.iter().flat_map(|&(millis, value)| field(2, &sample(millis, value)))).collect()
}

fn sample(millis: i64, value: f64) -> Vec<u8> {
    // Field 1 is a double (wire type 1), field 2 an int64 (wire type 0).
    let mut bytes = vec![0x09];
    bytes.extend(value.to_le_bytes());
    bytes.push(0x10);
    bytes.extend(varint(u64::from_le_bytes(millis.to_le_bytes())));
    bytes
}

/// A field of bytes (wire type 2).
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![number << 3 | 2];
    all.extend(varint(bytes.len() as u64));
    all.extend(bytes);
    all
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low_byte(number));
    bytes
}

fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// The block format with literals only: valid, and as long as the input.
fn snappy(input: &[u8]) -> Vec<u8> {
    const TWO_BYTE_LITERAL: u8 = 61 << 2;
    let mut block = varint(input.len() as u64);
    for chunk in input.chunks(1 << 16) {
        let length = u16::try_from(chunk.len() - 1).expect("a chunk has at most 65,536 bytes");
        block.push(TWO_BYTE_LITERAL);
        block.extend(length.to_le_bytes());
        block.extend(chunk);
    }
    block
}
