//! The engine's promises, shown on the real engine: random sequences of facts, and the smallest story of each thing that
//! such a sequence has found.

mod acts;
mod breach;
mod found;
mod handed_on;
mod imported;
mod memory;
mod promises;
mod reloads;
mod remedies;
mod rig;
mod sequences;
mod severities;
mod worlds;
