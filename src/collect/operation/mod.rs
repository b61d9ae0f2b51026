//! How long operations of applications take: reported to `POST /v1/operations`, or measured here with [`measure`].
//!
//! Both count into `operation_duration_ms{operation,outcome}`. A reporter sends the mission's own shape, one timer or a list:
//!
//! ```json
//! {"name": "operation_duration_ms", "value": 412, "tags": {"operation": "trade", "outcome": "ok"}, "timestamp": 1764132000000}
//! ```
//!
//! In Rust:
//!
//! ```
//! use watchbell::collect::operation::{Timers, measure};
//! use watchbell::measures::Measures;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let measures = Measures::new();
//! let timers = Timers::new(&measures);
//!
//! let price = measure(&timers, "price", async { "3350.12".parse::<f64>() }).await;
//!
//! assert_eq!(price, Ok(3350.12));
//! let shown = measures.render(std::time::Instant::now());
//! assert!(shown.contains(r#"operation_duration_ms_count{operation="price",outcome="ok"} 1"#));
//! # }
//! ```
//!
//! What comes from outside is bounded: its size, its rate, and how many operations it can name. Absent on purpose: the time at
//! which an operation was. A histogram counts what has been reported, and Prometheus says when.

mod allowance;
mod door;
mod post;
mod timers;

pub use door::router;
pub use timers::{Outcome, Timers, measure};
