/* base.js -- the data, words for numbers and stacks, elements, parts of the page.
 *
 * In:   the JSON report in #data, or that of a comparison or of many processes; report/html.c tells how it
 *       has the sites.
 * Out:  `report`, and what all other scripts are written with.
 * Not here: any part of the report.
 *
 * Names come from the program that was looked at, and may be anything.  They become
 * text of elements, never markup: nothing here or elsewhere sets innerHTML.
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- parts of the page ---- */

/* In the order of page.sh's list.  A part is
 *
 *     id, title     in the page's address, and in the list of parts
 *     schema        of the data it shows, if that is not a report of one snapshot
 *     has(report)   is there anything to show?  All of them, if left out
 *     follows       is it drawn anew for a part of time (interval.js)?
 *     draw(report, element)   fill the element, below the title
 *
 * To add one, write a file that calls part() and name it in page.sh and Makefile.am. */
const parts = [];

const SCHEMA_REPORT = "gcprof-analyze/1";
const SCHEMA_DIFF = "gcprof-diff/1";
const SCHEMA_MERGE = "gcprof-merge/1";

function part(description) {
	parts.push(description);
}

/* ---- elements ---- */

/* element("a", {href: "#x", class: "y"}, child ...): strings become text; null and
 * false are left out.  A function as an attribute is a listener: {click: f}. */
function element(name, attributes, ...children) {
	const e = document.createElement(name);

	for (const [key, value] of Object.entries(attributes || {})) {
		if (typeof value === "function")
			e.addEventListener(key, value);
		else if (value === true)
			e.setAttribute(key, "");
		else if (value !== null && value !== undefined && value !== false)
			e.setAttribute(key, String(value));
	}
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined && child !== false)
			e.append(child);
	return e;
}

function button(label, click, attributes) {
	return element("button", { type: "button", click, ...attributes }, label);
}

/* ---- numbers ---- */

/* As text_size() writes them: three digits or so. */
function sizeText(bytes) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
	let value = Math.abs(bytes), unit = 0;

	while (value >= 1024 && unit + 1 < units.length) {
		value /= 1024;
		unit++;
	}
	return (bytes < 0 ? "-" : "") + value.toFixed(unit && value < 999.95 ? 1 : 0) + " " + units[unit];
}

function countText(n) {
	return n.toLocaleString("en-US");
}

/* "1 block", "2 blocks" */
function countOf(n, word) {
	return `${countText(n)} ${word}${n === 1 ? "" : "s"}`;
}

function shareText(part, whole) {
	return whole ? (100 * part / whole).toFixed(1) + " %" : "-";
}

function durationText(seconds) {
	if (seconds < 60)
		return Number(seconds.toPrecision(3)) + " s";
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
	return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
}

/* A size that tells its bytes when asked. */
function size(bytes) {
	return element("data", { value: bytes, title: countText(bytes) + " bytes" }, sizeText(bytes));
}

/* ---- names ---- */

function shortened(text, most) {
	return text.length > most ? text.slice(0, most - 1) + "\u2026" : text;
}

function baseName(path) {
	return path.slice(path.lastIndexOf("/") + 1);
}

/* A frame's function, or where in a module it is. */
function frameName(frame) {
	if (frame.function !== null)
		return frame.function;
	return `${frame.module === null ? "(no module)" : baseName(frame.module)}+0x${frame.offset.toString(16)}`;
}

/* Where a frame's line stands; the module if that is not known. */
function framePlace(frame) {
	if (frame.file !== null)
		return frame.line ? `${baseName(frame.file)}:${frame.line}` : baseName(frame.file);
	return frame.module === null ? "" : baseName(frame.module);
}

/* Where the program was begun from: nobody looks for the reason there. */
const isStart = new Set(["_start", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl",
	"__libc_start_main@@GLIBC_2.34", "start_thread", "clone", "clone3", "__clone3", "__GI___clone3"]);

/* A long C++ name without what is between < and > and in its last parentheses. */
function shortName(name) {
	let short = "", depth = 0;

	if (name.length <= 48 || name.includes("operator"))
		return name;
	for (const c of name.replaceAll("(anonymous namespace)::", "").replaceAll("->", "\u2192")) {
		if (c === "<" || c === "(")
			short += depth++ === 0 ? c + "\u2026" : "";
		else if (c === ">" || c === ")")
			short += --depth === 0 ? c : "";
		else if (depth === 0)
			short += c;
	}
	return shortened(short.replaceAll("(\u2026)", "()"), 80);
}

/* A name cut short; the whole one is there on hover. */
function nameElement(name) {
	return element("span", { class: "name", title: shortened(name ?? "", 2000) }, shortName(name ?? "(unknown)"));
}

/* A function's name without its parameters, its return type and what is between < and >. */
function plainName(name) {
	let plain = "", depth = 0;

	/* Words in place of a frame. */
	if (/^[(][^()]*[)]$/.test(name))
		return name;
	/* Rust's <T as Trait>::f begins so. */
	if (name.includes("operator") || name.startsWith("<"))
		return shortName(name);
	for (const c of name.replaceAll("(anonymous namespace)::", "").replaceAll("->", "\u2192")) {
		if (c === "<")
			depth++;
		else if (c === ">")
			depth--;
		else if (c === "(" && depth === 0 && plain !== "")
			break;
		else if (depth <= 0)
			plain += c;
	}
	plain = plain.slice(plain.lastIndexOf(" ") + 1);
	return shortened(plain === "" ? name : plain, 80);
}

/* A library's frame: of a container, an allocator, a runtime, the C library. */
function isLibrary(frame) {
	return frame.library === true;
}

/* The program's own frames, with the one first that tells where it is; at least one.  Of
 * functions that the compiler has split one frame each. */
function ownFrames(frames) {
	const own = frames.filter((f, i) => !isStart.has(frameName(f)) && !isLibrary(f) &&
		(i === 0 || f.function === null || f.function !== frames[i - 1].function));
	const first = own.findIndex((f) => !f.special && !f.allocator);

	return own.length ? own.slice(Math.max(0, first)) : frames.slice(0, 1);
}

function tellingNames(frames) {
	return ownFrames(frames).map((f) => plainName(frameName(f)));
}

/* "app.cpp:26 gw::QuoteCache::get \u2190 handle_request": the place and who called it. */
function whereLine(frames, most) {
	const own = ownFrames(frames), names = own.slice(0, most).map((f) => plainName(frameName(f)));
	const place = own.length && own[0].file !== null ? framePlace(own[0]) : "";

	return element("span", { class: "where name", title: own.length ? shortened(`${frameName(own[0])} ${own[0].file ?? own[0].module ?? ""}`, 2000) : null },
		place ? [element("span", { class: "place" }, place), " "] : null,
		element("strong", {}, names[0] ?? "(unknown)"),
		names.length > 1 ? element("span", { class: "callers" }, names.slice(1).map((name) => ` \u2190 ${name}`)) : null);
}

/* The stack in one line, innermost first. */
function stackLine(frames, most) {
	const names = tellingNames(frames);

	return names.slice(0, most).join(" \u2190 ") + (names.length > most ? " \u2190 \u2026" : "");
}

/* The whole name is there on hover, and where it is short. */
function frameItem(frame) {
	const name = frameName(frame);

	return element("li", { class: isStart.has(frameName(frame)) ? "start" : null },
		element("span", { class: "name", title: shortened(name, 5000) }, name.length > 60 ? plainName(name) : name), " ",
		placeElement(frame));
}

/* Library frames in a row as one that opens: what the program called of them. */
function foldedItem(frames) {
	const outermost = frames.at(-1);

	return element("li", { class: "folded" }, element("details", {},
		element("summary", {}, element("span", { class: "name", title: shortened(frameName(outermost), 5000) }, plainName(frameName(outermost))),
			element("span", { class: "place" }, ` (${frames.length} library frames)`)),
		element("ol", { class: "stack" }, frames.map(frameItem))));
}

/* Frames from the i-th on that are a library's. */
function libraryRun(frames, i) {
	let n = 0;

	while (i + n < frames.length && isLibrary(frames[i + n]))
		n++;
	return n;
}

/* The whole stack as a list.  Runs of library frames are folded, unless there is nothing else
 * to see. */
function stackList(frames) {
	const items = [], folds = !frames.every(isLibrary);

	for (let i = 0; i < frames.length;) {
		const n = folds ? libraryRun(frames, i) : 0;

		items.push(n > 1 ? foldedItem(frames.slice(i, i + n)) : frameItem(frames[i]));
		i += Math.max(1, n);
	}
	return element("ol", { class: "stack" }, items);
}

/* Does a stack have a name for which it holds? */
function isInStack(frames, test) {
	return frames.some((f) => test(frameName(f)) || (f.file !== null && test(f.file)) || (f.module !== null && test(f.module)));
}

/* ---- search everywhere ---- */

/* By title: find(test) returns {n, found: [{label, go}]}, of n the first few; go() shows
 * it.  A part sets what of it can be found when it is drawn. */
const searchers = new Map();
const MOST_FOUND = 6;

/* ---- the data ---- */

/* The report's frames, by node of the calling-context tree. */
class CallTree {
	constructor(rows, strings) {
		this.strings = strings;
		this.rows = [];
		for (const row of rows)
			this.rows[row[0]] = row;
	}

	parent(node) {
		return this.rows[node][1];
	}

	/* A frame as in the JSON report. */
	frame(packed) {
		const text = (index) => index < 0 ? null : this.strings[index];
		const [fn, file, line, module, offset, flags] = packed;

		return { function: text(fn), file: text(file), line: line || null, module: text(module),
			offset, inlined: (flags & 1) !== 0, special: (flags & 2) !== 0,
			library: (flags & 4) !== 0, allocator: (flags & 8) !== 0 };
	}

	framesOf(node) {
		return this.rows[node].slice(2).map((packed) => this.frame(packed));
	}

	/* The stack that begins at a node, innermost first. */
	stack(node) {
		const frames = [];

		do {
			frames.push(...this.framesOf(node));
			node = this.parent(node);
		} while (node);
		return frames;
	}

	/* By node: does it, or a caller of it, have a name for which test() holds?
	 * Parents come before their children. */
	matches(test) {
		const names = this.strings.map(test);
		const found = [];

		this.rows.forEach((row, node) => {
			found[node] = (row[1] !== 0 && found[row[1]]) || row.slice(2).some((f) =>
				(f[0] >= 0 && names[f[0]]) || (f[1] >= 0 && names[f[1]]) || (f[3] >= 0 && names[f[3]]));
		});
		return found;
	}
}

/* Stacks in JSON as a calling-context tree with a node for each frame.
 *
 * sites       with frames each
 * figuresOf(s)  what can be summed up over it
 * Returns     {strings, tree, sites}, the sites with a node and these figures. */
function treeOfStacks(sites, figuresOf) {
	const strings = [], numbers = new Map(), rows = [[0, 0]], below = new Map();
	const intern = (text) => {
		if (text === null || text === undefined)
			return -1;
		if (!numbers.has(text))
			numbers.set(text, strings.push(text) - 1);
		return numbers.get(text);
	};
	const child = (parent, f) => {
		const packed = [intern(f.function), intern(f.file), f.line ?? 0, intern(f.module), f.offset ?? 0,
			(f.inlined ? 1 : 0) | (f.special ? 2 : 0) | (f.library ? 4 : 0) | (f.allocator ? 8 : 0)];
		const key = `${parent} ${packed}`;

		if (!below.has(key))
			below.set(key, rows.push([rows.length, parent, packed]) - 1);
		return below.get(key);
	};

	return { sites: sites.map((s) => ({ node: s.frames.reduceRight(child, 0), ...figuresOf(s) })),
		strings, tree: new CallTree(rows, strings) };
}

/* The report as in JSON, but each site has `node` instead of its frames, and there
 * is `tree`. */
function readReport() {
	const data = JSON.parse(document.getElementById("data").textContent);

	if (data.schema !== SCHEMA_REPORT)
		return data;
	data.tree = new CallTree(data.call_tree, data.strings);
	data.sites = data.sites.map((row) => {
		const site = { node: row[0] };

		data.site_columns.forEach((key, i) => { site[key] = row[i + 1]; });
		return site;
	});
	/* Their frames tell whose they are. */
	data.findings.forEach((finding, i) => {
		const [node, site, allocationNode] = data.finding_sites[i];

		finding.number = site;
		if (node)
			finding.site.frames = data.tree.stack(node);
		if (allocationNode && finding.allocation_site)
			finding.allocation_site.frames = data.tree.stack(allocationNode);
	});
	return data;
}
