//! Watchbell: alerting as code.

pub mod cli;
pub mod config;
pub mod diagnostics;
pub mod http;
pub mod lint;
pub mod model;
pub mod prometheus;
pub mod promql;
pub mod rules;
pub mod yaml;
