//! Infrastructure: server resources by `node_exporter`, the database by `postgres_exporter`, and our own parts.

use crate::dashboard::grafana::{Mapping, Panel};
use crate::dashboard::pack::Pack;
use crate::dashboard::{Row, of, up_or_down};

/// File systems that hold something.
const DISKS: &str = r#"fstype!~"tmpfs|overlay|squashfs|ramfs""#;

pub fn row(pack: &mut Pack<'_>) -> Row {
    let disks = format!(
        "max by (instance, mountpoint) (100 * (1 - node_filesystem_avail_bytes{{{DISKS}}} / node_filesystem_size_bytes{{{DISKS}}}))"
    );
    let capacity = pack.draw(of("CapacityPlanning", &[], &disks, "%"));
    let used = |title: &str, expr: &str, legend: &str| {
        Panel::graph(&format!("Server resources: {title}"))
            .ask(expr, legend)
            .unit("percent")
            .between(0.0, 100.0)
            .sized(6, 7)
    };
    let processor = "100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[$__rate_interval])))";
    let memory = "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)";
    let network = Panel::graph("Server resources: network")
        .ask(
            "sum by (instance) (rate(node_network_receive_bytes_total{device!=\"lo\"}[$__rate_interval]))",
            "{{instance}} in",
        )
        .ask(
            "sum by (instance) (rate(node_network_transmit_bytes_total{device!=\"lo\"}[$__rate_interval]))",
            "{{instance}} out",
        )
        .unit("Bps")
        .sized(6, 7);
    Row::new(
        "Infrastructure",
        vec![
            used("processor", processor, "{{instance}}"),
            used("memory", memory, "{{instance}}"),
            used("disk", &disks, "{{instance}} {{mountpoint}}"),
            network,
            Panel::bars("Server resources: where they head")
                .draws_now(&capacity, "{{instance}} {{resource}} {{mountpoint}}")
                .between(0.0, 100.0)
                .sized(12, 6),
            collectors().sized(12, 6),
        ],
    )
    .and(database())
}

fn collectors() -> Panel {
    Panel::states("Probes of the collector")
        .ask("min by (kind, probe) (watchbell_collect_probe_up)", "{{kind}} {{probe}}")
        .mapped(Mapping::numbers(&["failing", "up"]))
        .steps(up_or_down(), false)
        .says("What `watchbell collect` looks at, and whether it sees it.")
}

/// Without the databases that others are copied from, and without what belongs to none.
fn database() -> Vec<Panel> {
    let graph = |title: &str| Panel::graph(&format!("Database performance: {title}")).sized(6, 7);
    let per_second =
        |counter: &str| format!("sum by (datname) (rate({counter}{{datname!~\"(template.*)?\"}}[$__rate_interval]))");
    vec![
        graph("transactions")
            .ask(&per_second("pg_stat_database_xact_commit"), "{{datname}}")
            .ask(&per_second("pg_stat_database_xact_rollback"), "{{datname}} rolled back")
            .unit("suffix: tx/s"),
        graph("reads from memory")
            .ask(CACHE_HITS, "{{datname}}")
            .unit("percent")
            .between(0.0, 100.0)
            .says("Blocks that were found in memory, of all that were read."),
        graph("connections")
            .ask("sum by (datname) (pg_stat_database_numbackends{datname!~\"(template.*)?\"})", "{{datname}}")
            .ask("max(pg_settings_max_connections)", "the most there can be"),
        graph("longest transaction")
            .ask("max by (datname) (pg_stat_activity_max_tx_duration{datname!~\"(template.*)?\"})", "{{datname}}")
            .unit("s")
            .says("What holds locks, and keeps old rows from being cleared."),
    ]
}

const CACHE_HITS: &str = r#"100 * sum by (datname) (rate(pg_stat_database_blks_hit{datname!~"(template.*)?"}[$__rate_interval]))
  / (
    sum by (datname) (rate(pg_stat_database_blks_hit{datname!~"(template.*)?"}[$__rate_interval]))
    + sum by (datname) (rate(pg_stat_database_blks_read{datname!~"(template.*)?"}[$__rate_interval]))
  )"#;
