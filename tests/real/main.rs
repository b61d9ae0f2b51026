//! Tests against real servers: Prometheus, Alertmanager, the receivers, and `watchbell` itself as a process.
//!
//! One binary for all of them, so that it links once and the support beside it is shared.

#[path = "../support/mod.rs"]
mod support;

mod acting;
mod alertmanager;
mod backtest;
mod backtest_agrees;
mod browsers;
mod callbacks;
mod capture;
mod chain;
mod channels;
mod chats;
mod check_online;
mod collect_reload;
mod collect_state;
mod contracts;
mod crash;
mod crash_climb;
mod dashboards;
mod demo;
mod doors;
mod email;
mod endpoints;
mod escalation;
mod explain;
mod gateway;
mod health;
mod history;
mod impact;
mod imported;
mod load;
mod logs;
mod node_client;
mod promql;
mod pulse;
mod queries;
mod receivers;
mod recording;
mod reloads;
mod remedies;
mod review;
mod routines;
mod rule_pack;
mod sentry;
mod servers;
mod store;
mod stories;
mod templates;
mod testnet;
