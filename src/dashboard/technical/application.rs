//! Application performance: response times, error rates, throughput.

use crate::dashboard::grafana::Panel;
use crate::dashboard::pack::Pack;
use crate::dashboard::{Row, SERVICE, each, of};

pub fn row(pack: &mut Pack<'_>) -> Row {
    let instead = r#"avg by (service, endpoint) (avg_over_time(api_response_time_ms{service=~"$service"}[2m]))"#;
    let times = pack.draw_each(of("ApiResponseTime", SERVICE, instead, "ms"));
    let errors = pack.draw(of(
        "HighErrorRate",
        SERVICE,
        r#"max by (service) (error_rate_percentage{service=~"$service"})"#,
        "%",
    ));
    let slower = pack.draw(of("PerformanceDegradation", SERVICE, ABOVE_NORMAL, "%"));
    let pages = pack.draw(of(
        "UserExperience",
        SERVICE,
        r#"max by (service, page) (page_load_time_ms{service=~"$service"})"#,
        "ms",
    ));
    Row::new("Application Performance", each(&times, || Panel::graph("Response times"), "{{endpoint}}")).and(vec![
        Panel::graph("Error rates").draws(&errors, "{{service}}"),
        throughput(),
        // A week of every endpoint is looked at for each point: half a minute apart is near enough.
        Panel::graph("Response times against normal").draws(&slower, "{{endpoint}}").every("2m"),
        phases(),
        Panel::graph("Page loads").draws(&pages, "{{page}}"),
        vitals(),
        operations(),
        script_errors(),
    ])
}

/// What `PerformanceDegradation` says of the shipped rules, in short.
const ABOVE_NORMAL: &str = r#"100 * (
  avg by (service, endpoint) (avg_over_time(api_response_time_ms{service=~"$service"}[5m]))
    / avg by (service, endpoint) (quantile_over_time(0.5, api_response_time_ms{service=~"$service"}[1w] offset 1h))
  - 1
)"#;

fn throughput() -> Panel {
    Panel::graph("Throughput")
        .ask(r#"sum by (route) (rate(http_requests_total{service=~"$service"}[$__rate_interval]))"#, "{{route}}")
        .unit("reqps")
        .says("Requests a second that the middleware counted.")
}

fn phases() -> Panel {
    Panel::graph("Response times by phase")
        .ask(r#"avg by (phase) (endpoint_phase_seconds{phase!="total", service=~"$service"})"#, "{{phase}}")
        .unit("s")
        .stacked()
        .says("Where a probe's time goes: looking up the name, connecting, TLS, waiting for the first byte.")
}

fn vitals() -> Panel {
    Panel::graph("Web Vitals of visitors, 75 of 100")
        .ask(
            r#"histogram_quantile(0.75, sum by (vital, le) (rate(web_vitals_seconds_bucket{service=~"$service"}[15m])))"#,
            "{{vital}}",
        )
        .unit("s")
        .says("Largest paint (LCP), interaction (INP), first paint (FCP), first byte (TTFB): so long or shorter for three visits in four.")
}

fn operations() -> Panel {
    Panel::graph("Operations, 95 of 100")
        .ask(
            "histogram_quantile(0.95, sum by (operation, le) (rate(operation_duration_ms_bucket[15m])))",
            "{{operation}}",
        )
        .unit("ms")
        .says("What `measureOperation` timed.")
}

fn script_errors() -> Panel {
    Panel::graph("JavaScript errors")
        .ask(r#"sum by (page) (increase(javascript_errors_total{service=~"$service"}[1h]))"#, "{{page}}")
        .unit("suffix: errors/h")
        .says("What went wrong in visitors' browsers within an hour.")
}
