//! Kinds of finding of rules and configuration together, and of what a source says of them: WB250 to WB279.

use super::codes;

codes! {
    WB250 250 Warning "policy is never used";
    WB251 251 Warning "allowed for nothing";
    WB252 252 Warning "action is never named";
    WB253 253 Warning "action is never run";
    WB260 260 Warning "metric was never there";
    WB261 261 Warning "metric is gone";
    WB262 262 Warning "condition matches no series";
    WB263 263 Warning "query is refused";
    WB264 264 Warning "query is slow";
    WB265 265 Note "would fire now";
    WB266 266 Note "source could not be asked";
    WB267 267 Warning "type of the metric says otherwise";
    WB268 268 Note "what a query costs";
    WB269 269 Warning "secret cannot be had here";
}
