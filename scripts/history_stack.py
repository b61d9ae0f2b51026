#!/usr/bin/env python3
"""The whole stack's metrics, made up: those of history.py, and what else the dashboards look at.

Called as history.py is. `write --long DAYS` goes back so far with what the business looks at, by the hour: a month beside the month before
takes two of them. In trouble, Watchbell says so too.
"""
import math

import history
from history import BIRTH, CHAIN, DAY, Series, constant, counter, daytime, gauge, noise

BREAKER, TREASURY = {**CHAIN, "contract": "circuit_breaker"}, {**CHAIN, "contract": "pgaux"}
PRICE = 3350.0


def families(troubles):
    yield from history.families(troubles)
    yield from business_families(troubles)
    yield from network_families()
    yield from browser_families(troubles)
    yield from watchbell_families(troubles)
    yield from machine_families(troubles)
    yield from database_families(troubles)


def price(_seed, t, _in_trouble):
    """Up and down by a hundredth within a day, and a little every month."""
    return PRICE * (1 + 0.01 * math.sin(2 * math.pi * t / DAY) + 0.001 * (t - BIRTH) / (30 * DAY))


def people(least, growth):
    """So many, by `growth` of them more every week, and a few more or less."""
    def value(seed, t, _in_trouble):
        return float(round(least * (1 + growth * (t - BIRTH) / (7 * DAY)) * (1 + 0.02 * noise(seed, t, every=6 * 3600))))
    return value


def business_families(troubles):
    def business(metric, kind, labels, value):
        return Series(metric, kind, labels, value, is_long=True)
    for oracle, off in (("chainlink", 1.001), ("band", 0.9985), ("aggregator", 1.0)):
        yield business("oracle_price", "gauge", {**CHAIN, "oracle": oracle}, lambda s, t, x, off=off: off * price(s, t, x))
    for kind, rate in (("mint", 40 / DAY), ("redeem", 24 / DAY)):
        yield business("trades_total", "counter", {**TREASURY, "kind": kind}, counter(rate, troubles))
    # 2.5 tokens a trade.
    for kind, rate in (("mint", 100 / DAY), ("redeem", 60 / DAY)):
        yield business("trading_volume_total", "counter", {**TREASURY, "kind": kind}, counter(rate, troubles))
    yield business("fees_collected_total", "counter", TREASURY, counter(8 / DAY, troubles))
    yield business("token_supply", "gauge", TREASURY, lambda _s, t, _x: 50_000 + 40 * (t - BIRTH) / DAY)
    for window, least in (("1d", 30), ("7d", 120), ("30d", 300)):
        yield business("active_users", "gauge", {**TREASURY, "window": window}, people(least, 0.02))
    for window, least in (("1d", 400), ("7d", 1500), ("30d", 4000)):
        yield business("active_users", "gauge", {"service": "web", "window": window}, people(least, 0.02))
    yield business("user_registrations_total", "counter", {"service": "web"}, counter(3 / DAY, troubles))
    for action, rate in (("open_trade", 900 / DAY), ("confirm_trade", 60 / DAY), ("open_history", 200 / DAY)):
        yield business("user_actions_total", "counter", {"service": "web", "action": action}, counter(rate, troubles))


def network_families():
    yield Series("chain_head_block", "gauge", CHAIN, lambda _s, t, _x: (t - BIRTH) // 13)
    yield Series("chain_block_age_seconds", "gauge", CHAIN, lambda _s, t, _x: (t - BIRTH) % 13)
    yield Series("chain_base_fee_gwei", "gauge", CHAIN, gauge(14.0, day=8.0, wobble=2.0, trouble=150.0))
    yield Series("chain_syncing", "gauge", CHAIN, constant(0))
    yield Series("chain_head_disagreement_blocks", "gauge", CHAIN, constant(0))
    yield Series("chain_reorgs_total", "counter", CHAIN, constant(2))
    for endpoint in ("rpc-a.example.org:443", "rpc-b.example.org:443"):
        yield Series("chain_rpc_up", "gauge", {**CHAIN, "endpoint": endpoint}, constant(1))
    for contract in ("pgaux", "oracle_aggregator"):
        for outcome, rate in (("success", 60 / DAY), ("failed", 2 / DAY)):
            labels = {**CHAIN, "contract": contract, "outcome": outcome}
            yield Series("contract_transactions_total", "counter", labels, counter(rate, history.Troubles()))
    for oracle, score in (("chainlink", 95.0), ("band", 93.0), ("aggregator", 94.0)):
        yield Series("oracle_confidence_percentage", "gauge", {**CHAIN, "oracle": oracle}, gauge(score, wobble=0.5))
    for kind, probe in (("chain", "sepolia"), ("contract", "sepolia/pgaux"), ("endpoint", "api/price_feed")):
        yield Series("watchbell_collect_probe_up", "gauge", {"kind": kind, "probe": probe}, constant(1))


def histogram(name, labels, shares, rate, troubles):
    """A histogram whose buckets hold these shares of what is counted."""
    for bound, share in {**shares, "+Inf": 1.0}.items():
        yield Series(f"{name}_bucket", "histogram", {**labels, "le": bound}, counter(rate * share, troubles))
    yield Series(f"{name}_sum", "histogram", labels, counter(rate, troubles))
    yield Series(f"{name}_count", "histogram", labels, counter(rate, troubles))


def browser_families(troubles):
    shares = {"0.1": 0.4, "0.2": 0.7, "0.5": 0.8, "1": 0.9, "2.5": 0.98}
    for vital in ("LCP", "INP", "FCP", "TTFB"):
        yield from histogram("web_vitals_seconds", {"service": "web", "page": "home", "vital": vital}, shares, 0.2, troubles)
    for page, rate in (("home", 4 / DAY), ("trade", 9 / DAY)):
        labels = {"service": "web", "page": page, "kind": "error"}
        yield Series("javascript_errors_total", "counter", labels, counter(rate, troubles))
    for phase, seconds in (("dns", 0.004), ("connect", 0.02), ("tls", 0.03), ("first_byte", 0.12), ("total", 0.18)):
        labels = {"service": "api", "endpoint": "price_feed", "phase": phase}
        yield Series("endpoint_phase_seconds", "gauge", labels, gauge(seconds, wobble=seconds / 20))


def only_in_trouble(_seed, _t, in_trouble):
    """As Watchbell exports it: an alert that does not fire has no series."""
    return 1 if in_trouble else None


def watchbell_families(troubles):
    high = {"state": "firing", "severity": "high"}
    yield Series("watchbell_alerts", "gauge", high, only_in_trouble)
    for rule in ("GasPriceSpike", "NetworkCongestion"):
        yield Series("watchbell_rule_alerts", "gauge", {"rule": rule, **high}, only_in_trouble)
    yield Series("watchbell_incidents_open", "gauge", {}, constant(0, trouble=2))
    yield Series("watchbell_incidents_unacknowledged", "gauge", {}, constant(0, trouble=1))
    yield Series("watchbell_http_requests_denied_total", "counter", {"reason": "no_token"}, counter(2 / 3600, troubles))


def machine_families(troubles):
    for direction in ("receive", "transmit"):
        labels = {"instance": "relayer-1", "device": "eth0"}
        yield Series(f"node_network_{direction}_bytes_total", "counter", labels, counter(250_000, troubles))


def database_families(troubles):
    labels = {"instance": "database-1", "datname": "pentagold"}
    rates = {"xact_commit": 40.0, "xact_rollback": 0.2, "blks_hit": 990.0, "blks_read": 10.0}
    for name, rate in rates.items():
        yield Series(f"pg_stat_database_{name}", "counter", labels, counter(rate, troubles))
    yield Series("pg_stat_database_numbackends", "gauge", labels, constant(12))
    yield Series("pg_stat_activity_max_tx_duration", "gauge", {**labels, "state": "active"}, gauge(0.4, wobble=0.3))
    yield Series("pg_settings_max_connections", "gauge", {"instance": "database-1"}, constant(100))


if __name__ == "__main__":
    history.main(families)
