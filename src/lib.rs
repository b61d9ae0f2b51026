//! Watchbell: alerting as code.

pub mod api;
pub mod backtest;
pub mod calendar;
pub mod capture;
pub mod change;
pub mod cli;
pub mod config;
pub mod crash;
pub mod diagnostics;
pub mod engine;
pub mod http;
pub mod impact;
pub mod import;
pub mod lint;
pub mod model;
pub mod notify;
pub mod oncall;
pub mod prometheus;
pub mod promql;
pub mod replay;
pub mod rules;
pub mod series;
pub mod service;
pub mod side_by_side;
pub mod store;
pub mod yaml;
