//! Kinds of finding of the configuration: WB100 to WB199.

use super::codes;

codes! {
    WB100 100 Error "no such name";
}
