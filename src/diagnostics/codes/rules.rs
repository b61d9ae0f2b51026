//! Kinds of finding of rule files, and of what lint says about rules: WB012 and WB030 to WB099.

use super::codes;

codes! {
    WB012 12 Warning "tier can never fire";
    WB030 30 Error "rule is neither alert nor record";
    WB031 31 Error "expression is missing";
    WB032 32 Error "PromQL is wrong";
    WB033 33 Error "name is not possible";
    WB034 34 Error "key means nothing here";
    WB035 35 Error "template is wrong";
    WB036 36 Error "group name is repeated";
    WB037 37 Error "unknown severity";
    WB038 38 Warning "unknown `severity` label";
    WB039 39 Error "`severity` label beside tiers";
    WB040 40 Error "tier without exactly one condition";
    WB041 41 Error "bound is wrong";
    WB042 42 Error "`clear` is wrong";
    WB043 43 Error "condition is wrong";
    WB044 44 Error "exception is wrong";
    WB045 45 Error "queries are wrong";
    WB046 46 Error "`no_data` names a tier that the rule has not";
    WB047 47 Error "name is not in the configuration";
    WB048 48 Error "two rules with one identity";
    WB049 49 Error "`firing` of a stranger or in a circle";
    WB050 50 Error "inhibition in a circle";
    WB051 51 Error "too much history";
    WB052 52 Warning "recorded series go nowhere";
    WB053 53 Warning "rule is switched off";
    WB054 54 Warning "label is lost before the template";
    WB055 55 Warning "exception repeats the rule";
    WB056 56 Warning "exception never matches";
    WB057 57 Warning "identity changes with the value";
    WB058 58 Warning "template field does not exist";
    WB059 59 Warning "tiers in the wrong order";
    WB060 60 Warning "expression gives no numbers";
    WB061 61 Warning "`for` is shorter than the interval";
    WB062 62 Warning "severity comes from a template";
    WB063 63 Warning "label `alertname` has no effect";
    WB064 64 Warning "group name in another document";
    WB066 66 Warning "label can never be there";
    WB067 67 Warning "`moved_from` names a rule that is there";
    WB068 68 Warning "no rules";
    WB069 69 Warning "window is too short";
    WB070 70 Warning "counter without `rate`";
    WB071 71 Warning "`rate` of a gauge";
    WB072 72 Warning "comparison inside a query with tiers";
    WB073 73 Warning "condition can never hold";
    WB074 74 Warning "bound in another unit";
    WB075 75 Warning "regular expression without need";
    WB076 76 Warning "template cannot be rendered";
    WB080 80 Warning "required annotation or label is missing";
    WB081 81 Warning "`allow` is wrong";
    WB082 82 Warning "`allow` allows nothing";
}
