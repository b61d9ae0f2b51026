//! Kinds of finding of the configuration: WB100 to WB199.

use super::codes;

codes! {
    WB100 100 Error "no such name";
    WB101 101 Error "file outside of the repository";
    WB102 102 Error "include in a circle";
    WB103 103 Error "same key in two files";
    WB104 104 Error "wrong glob";
    WB105 105 Error "name not allowed";
    WB106 106 Error "not a time zone";
    WB107 107 Error "not a time or date";
    WB108 108 Error "duration of nothing";
    WB109 109 Error "not an address";
    WB110 110 Error "unknown severity";
    WB111 111 Error "severities cannot be used";
    WB112 112 Error "default source not clear";
    WB113 113 Error "keys exclude each other";
    WB114 114 Error "incomplete";
    WB115 115 Warning "no file found";
    WB116 116 Error "no destination";
    WB117 117 Warning "destination not used";
    WB118 118 Error "fallbacks in a circle";
    WB119 119 Error "person cannot be reached";
    WB120 120 Error "empty team";
    WB121 121 Error "schedule without people";
    WB122 122 Error "turn of no length";
    WB123 123 Warning "never in force";
    WB124 124 Warning "overlap";
    WB125 125 Warning "override is over";
    WB126 126 Warning "silence is over";
    WB127 127 Error "ends before it begins";
    WB128 128 Error "policies extend in a circle";
    WB129 129 Error "severity without an answer";
    WB130 130 Error "levels out of order";
    WB131 131 Error "level reaches nobody";
    WB132 132 Error "no last route";
    WB133 133 Warning "route never taken";
    WB134 134 Error "severity decides neither route nor group";
    WB135 135 Error "matchers cannot be read";
    WB136 136 Warning "never matches";
    WB137 137 Error "inhibition in a circle";
    WB138 138 Error "not a label name";
    WB139 139 Warning "nobody is told";
    WB140 140 Warning "token lets nobody in";
    WB141 141 Error "same name twice";
    WB142 142 Warning "listed twice";
    WB143 143 Error "program is a template";
    WB144 144 Error "empty text";
    WB145 145 Warning "nobody on call";
    WB146 146 Warning "buttons for nobody";
    WB147 147 Warning "change of people is over";
    WB148 148 Warning "schedule not used";
    WB149 149 Warning "person not reached";
    WB150 150 Warning "override changes nothing";
    WB151 151 Warning "silence of everything";
    WB152 152 Warning "silence without a foreseeable end";
}
