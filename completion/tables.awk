# tables.awk -- completion for a shell, from the lists of options, formats and commands.
#
# In:   lib/options.def, tools/*/options.def, tools/command/commands.def,
#       tools/report/formats.def, in any order; then a template.  Variables: shell (bash, zsh,
#       fish), name (what the functions of bash begin with), sections.
# Out:  the template, with the line @table@ replaced by what the lists say of the sections.
#       A section is a command of gcprof or `analyze`, which is gcprof-analyze.
# Not here: what is offered where (the templates).
#
# A line of a list is MACRO(words without quotes, "text", "text" ...): the texts are the even
# fields between quotes, and have no quotes within.
#
# SPDX-License-Identifier: MIT

BEGIN {
	FS = "\""
	# Values of the library's options that their argument does not show.
	hint["output"] = "@files"
	hint["snapshot"] = "exit,signal exit,fatal,signal none"
	hint["signal"] = "USR1 USR2 HUP"
}

# ---- the lists ----

# Words that may follow "=", from the argument: 0|1|FILE.
function values_of(argument,    n, parts, i, list) {
	gsub(/[][=]/, "", argument)
	n = split(argument, parts, "|")
	for (i = 1; i <= n; i++)
		if (parts[i] == "FILE" || parts[i] == "DIR")
			list = list " @files"
		else if (parts[i] ~ /^[a-z0-9]+$/)
			list = list " " parts[i]
	return substr(list, 2)
}

function add(section, letter, option, argument, values, help) {
	if (option == "help" && section != "analyze" && section != "shell")
		return
	i = ++n_options[section]
	letters[section, i] = letter
	options[section, i] = option
	arguments[section, i] = argument
	values_[section, i] = values != "" ? values : values_of(argument)
	helps[section, i] = help
}

FILENAME ~ /\.def$/ && /\\"/ { print FILENAME ": a text with a quote or a backslash: " $0 > "/dev/stderr"; exit failed = 1 }

# A letter of MACRO(ID, 'o', ...
function letter_of(head) {
	return match(head, /'.'/) ? substr(head, RSTART + 1, 1) : ""
}

/^OPTION\(/ {
	argument = ($4 ~ /^0\|1/ ? "[=" $4 "]" : "=" $4)
	add("run", "", $2, argument, hint[$2], $8)
}
/^RUN_OPTION\(/ { add("run only", letter_of($1), $2, $4, $6, $10) }
/^CHECK_OPTION\(/ { add("check", letter_of($1), $2, $4, $6, $10) }
/^SNAPSHOT_OPTION\(/ { add("snapshot", letter_of($1), $2, $4, $6, $10) }
/^TOP_OPTION\(/ { add("top", letter_of($1), $2, $4, $6, $10) }
/^VIEW_OPTION\(/ { add("view", letter_of($1), $2, $4, $6, $10) }
/^ANALYZE_OPTION\(/ {
	add("analyze", letter_of($1), $2, $4, $6, $10)
	add("shell", letter_of($1), $2, $4, $6, $10)
	if ($1 ~ /, HANDED/)
		add("check", letter_of($1), $2, $4, $6, $10)
	if ($1 ~ /VIEWED/)
		add("view", letter_of($1), $2, $4, $6, $10)
}
/^FORMAT\(/ { formats = formats (formats ? " " : "") $2 }
/^COMMAND\(/ {
	command = $1
	sub(/^COMMAND\(/, "", command)
	sub(/,.*/, "", command)
	commands[++n_commands] = command
	help = $4
	sub(/[.,;]( .*)?$/, "", help)
	command_helps[n_commands] = help
}

# ---- what all shells need ----

function add_all(section, from,    i) {
	for (i = 1; i <= n_options[from]; i++)
		add(section, letters[from, i], options[from, i], arguments[from, i], values_[from, i], helps[from, i])
}

# `check` has the library's options, as `run` has, which has some of its own.
function join_lists(    i) {
	add_all("check", "run")
	add_all("run", "run only")
	for (i = 1; i <= n_commands; i++)
		if (commands[i] != "shell")
			append_help(commands[i])
}

function append_help(section) {
	i = ++n_options[section]
	letters[section, i] = "h"
	options[section, i] = "help"
	helps[section, i] = "print a summary"
}

function words(section, i,    list) {
	list = values_[section, i]
	sub(/@formats/, formats, list)
	sub(/ ?@files/, "", list)
	return list
}

function has_files(section, i) { return values_[section, i] ~ /@files/ }

# Without what comes after a semicolon, safe between single quotes.
function short_help(help,    parts) {
	split(help, parts, "; ")
	gsub(/'/, shell == "fish" ? "\\'" : "'\\''", parts[1])
	return parts[1]
}

# ---- bash ----

# A case for each section with its options, and one for each of their values.
function bash_table(    k, i, section, line) {
	print name "_commands='" command_list() "'"
	print name "_options() { # SECTION"
	print "\tcase $1 in"
	for (k = 1; k <= n_sections; k++) {
		section = section_list[k]
		line = ""
		for (i = 1; i <= n_options[section]; i++)
			line = line " --" options[section, i] (arguments[section, i] ~ /^=/ ? "=" : "")
		print "\t" section ") echo '" substr(line, 2) "' ;;"
	}
	print "\tesac\n}"
	print name "_values() { # SECTION--OPTION: words, and @files"
	print "\tcase $1 in"
	for (k = 1; k <= n_sections; k++) {
		section = section_list[k]
		for (i = 1; i <= n_options[section]; i++) {
			line = words(section, i) (has_files(section, i) ? " @files" : "")
			sub(/^ /, "", line)
			if (line != "")
				print "\t" section "--" options[section, i] ") echo '" line "' ;;"
		}
	}
	print "\tesac\n}"
}

function command_list(    i, list) {
	for (i = 1; i <= n_commands; i++)
		list = list (i > 1 ? " " : "") commands[i]
	return list
}

# ---- zsh ----

# What _arguments wants to know of one spelling of an option.
function zsh_spec(section, i, word,    spec, label, action, help) {
	spec = word
	label = arguments[section, i]
	if (label ~ /^\[/)
		spec = spec (word ~ /^--/ ? "=-" : "-")
	else if (label != "")
		spec = spec (word ~ /^--/ ? "=" : "+")
	help = short_help(helps[section, i])
	gsub(/[][]/, "\\\\&", help)
	spec = spec "[" help "]"
	if (label != "") {
		gsub(/[][=]/, "", label)
		gsub(/:/, "\\:", label)
		action = words(section, i) != "" ? "(" words(section, i) ")" : ""
		if (has_files(section, i))
			action = "_files"
		spec = spec (arguments[section, i] ~ /^\[/ ? "::" : ":") label ":" action
	}
	if (helps[section, i] ~ /may repeat/)
		return "'*" spec "'"
	if (letters[section, i] != "")
		return "'(-" letters[section, i] " --" options[section, i] ")" spec "'"
	return "'" spec "'"
}

function zsh_table(    k, i, section) {
	print "local -a commands"
	print "commands=("
	for (i = 1; i <= n_commands; i++)
		print "\t'" commands[i] ":" short_help(command_helps[i]) "'"
	print ")"
	for (k = 1; k <= n_sections; k++) {
		section = section_list[k]
		print "local -a " section "_options"
		print section "_options=("
		for (i = 1; i <= n_options[section]; i++) {
			if (letters[section, i] != "")
				print "\t" zsh_spec(section, i, "-" letters[section, i])
			print "\t" zsh_spec(section, i, "--" options[section, i])
		}
		print ")"
	}
}

# ---- fish ----

# `program` is completed by each section; of several, each is behind its command.
function fish_table(    k, i, section, line) {
	for (i = 1; i <= n_commands && n_sections > 1; i++)
		print "complete -c " program " -n __gcprof_has_no_command -f -a " commands[i] \
			" -d '" short_help(command_helps[i]) "'"
	for (k = 1; k <= n_sections; k++) {
		section = section_list[k]
		for (i = 1; i <= n_options[section]; i++) {
			line = "complete -c " program
			if (n_sections > 1)
				line = line " -n '__gcprof_in " section "'"
			if (letters[section, i] != "")
				line = line " -s " letters[section, i]
			line = line " -l " options[section, i]
			if (arguments[section, i] ~ /^=/)
				line = line (has_files(section, i) ? " -r -F" : " -x")
			if (words(section, i) != "" && arguments[section, i] ~ /^=/)
				line = line " -a '" words(section, i) "'"
			print line " -d '" short_help(helps[section, i]) "'"
		}
	}
}

# ---- the template ----

$0 == "@table@" {
	join_lists()
	n_sections = split(sections, section_list, " ")
	if (shell == "bash")
		bash_table()
	else if (shell == "zsh")
		zsh_table()
	else
		fish_table()
	next
}
FILENAME ~ /\.in$/ { print }
