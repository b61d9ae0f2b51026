//! A sample's value, as Prometheus writes it.

/// Reads `1`, `0.25`, `1e+09`, `NaN`, `+Inf` or `-Inf`.
pub fn value(text: &[u8]) -> Option<f64> {
    match text {
        b"NaN" => Some(f64::NAN),
        b"+Inf" | b"Inf" => Some(f64::INFINITY),
        b"-Inf" => Some(f64::NEG_INFINITY),
        _ => fast_float2::parse(text).ok(),
    }
}
