//! Kinds of finding of rules and configuration together: WB250 to WB259.

use super::codes;

codes! {
    WB250 250 Warning "policy is never used";
    WB251 251 Warning "allowed for nothing";
}
