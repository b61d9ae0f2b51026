//! Kinds of finding of files and YAML: WB001 to WB029.

use super::codes;

codes! {
    WB001 1 Error "file cannot be read";
    WB002 2 Error "file too large";
    WB003 3 Error "file is not UTF-8";
    WB004 4 Error "not YAML";
    WB005 5 Error "duplicate key";
    WB006 6 Error "too many values";
    WB007 7 Error "alias without a value";
    WB008 8 Error "wrong merge key";
    WB009 9 Error "key is not a text";
    WB010 10 Error "nested too deeply";
    WB013 13 Error "unknown key";
    WB014 14 Error "wrong type";
    WB015 15 Error "missing key";
    WB016 16 Error "value not allowed";
    WB017 17 Warning "layout left as it is";
}
