//! For engineers: the chain, the application, the oracles, the machines, what attackers try.

mod application;
mod chain;
mod infrastructure;
mod oracle;
mod security;

use super::grafana::Dashboard;
use super::pack::Pack;
use super::row::lay_out;

/// Makes it.
pub fn dashboard(pack: &mut Pack<'_>) -> Dashboard {
    let about = "The chain, the application, the oracles, the machines, what attackers try.";
    let mut dashboard = Dashboard::new("watchbell-technical", "Technical", about, ("6h", "30s"));
    let rows = vec![
        chain::row(pack),
        application::row(pack),
        oracle::row(pack),
        infrastructure::row(pack),
        security::row(pack),
    ];
    dashboard.panels = lay_out(rows);
    dashboard
}
