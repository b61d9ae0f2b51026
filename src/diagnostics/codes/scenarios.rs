//! Kinds of finding of scenario files: WB200 to WB249.

use super::codes;

codes! {
    WB200 200 Error "event without its incident";
    WB201 201 Error "series without an evaluator";
    WB202 202 Error "not a value, time or duration of a scenario";
    WB203 203 Error "name that the scenario's files do not have";
    WB204 204 Error "not exactly one thing";
    WB205 205 Error "one answer to several questions";
    WB206 206 Error "readings that are written twice";
}
