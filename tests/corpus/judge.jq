# judge.jq -- the findings of one program against its line of the manifest.
#
# In:   gcprof-analyze's JSON; $kind, $verdict, $function, $also of the manifest.
# Out:  a line per finding of level warning or error: what is thought of it
#       (right, other: another kind in the right place, also, stray), its kind,
#       its verdict, its place; separated by tabs, each line once.
#
# SPDX-License-Identifier: MIT

def words: split("|") | map(select(. != "-" and . != ""));

# A name as a word of a function's name with scope, arguments, template.
def named($name): test("(^|[^A-Za-z0-9_])" + $name + "([^A-Za-z0-9_]|$)");
def within($names): any(.site.frames[]?; .function // "" | any($names[] as $n | named($n); .));

# "a|b" and "x|y" to ["a/x", "b/y"]; one verdict goes with all kinds.
($kind | words) as $kinds
| ($verdict | words) as $verdicts
| [range($kinds | length) | $kinds[.] + "/" + ($verdicts[.] // $verdicts[0] // "")] as $answers
| [.findings[]
   | select(.level == "warning" or .level == "error")
   | (.kind + "/" + .verdict) as $answer
   | [ if within($function | words) then
         (if any($answers[]; . == $answer) then "right" else "other" end)
       elif within($also | words) then "also"
       else "stray" end,
       .kind, .verdict,
       ([.site.frames[]? | .function // "??"
         | select(test("^(std::|__gnu_cxx::|operator new|(m|c|re)alloc|strdup|aligned_alloc)") | not)][0] // "??") ]
   | join("\t")]
| unique[]
