//! Kinds of finding of scenario files: WB200 to WB249.

use super::codes;

codes! {
    WB200 200 Error "event without its incident";
}
