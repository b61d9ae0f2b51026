//! Kinds of finding of rule files, and of what lint says about rules: WB012 and WB030 to WB099.

use super::codes;

codes! {
    WB012 12 Warning "tier can never fire";
}
