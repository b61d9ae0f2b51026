//! Stories of promises that a scenario file cannot say.
