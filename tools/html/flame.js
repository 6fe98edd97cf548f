/* flame.js -- the flame graph: where the memory comes from, from main downwards.
 *
 * In:   the report's sites and its calling-context tree.
 * Out:  the part "Flame graph"; d3-flame-graph draws it.  Colours are of modules, a
 *       library's frames pale.
 * Not here: the colours of text and background (style.css).
 *
 * The calling-context tree may have a million nodes.  It is merged by names once, and
 * once more without library code when that is asked for.  d3-flame-graph gets what is
 * wide enough to be seen of the frame that is looked at, with that frame's callers,
 * and gets it anew for another frame.
 *
 * SPDX-License-Identifier: MIT
 */

/* Parts of the whole that are not drawn: narrower than a pixel of a wide window. */
const FLAME_FINEST = 1 / 4000;
/* Frames below the one that is looked at. */
const FLAME_DEEPEST = 150;
const FLAME_ROW = 20; /* pixels */

const reportWeights = [
	{ key: "live_bytes", name: "Live bytes", text: sizeText },
	{ key: "old_bytes", name: "Old bytes", text: sizeText },
	{ key: "allocated_bytes", name: "Allocated bytes", text: sizeText, isOfAllTime: true },
	{ key: "allocations", name: "Allocations", text: countText, isOfAllTime: true },
];

/* ---- the tree, merged ---- */

/* A stack without any frame of the program's own. */
const FLAME_REST = "(library code only)";

/* Frames with the same name under the same callers are one, unless one is a library's
 * and the other is not.
 * INVARIANT  order: a frame's number is higher than its caller's; 0 is the whole.
 * INVARIANT  nothing is lost: frame 0 has the sum of all sites, with and without library code. */
class FlameTree {
	/* whole   the tree of the same report to take own code from; null: take all code */
	constructor(report, weights, whole = null) {
		this.report = report;
		this.names = ["all"];
		this.callers = [-1];
		this.frames = [null]; /* as the report packs them; the first of those merged */
		this.below = new Map(); /* callee by caller and name */
		this.unnamed = new Map(); /* numbers of names that are no function's */
		this.sums = {};
		this.rest = 0; /* the frame of stacks without own code; 0: none */
		this.leaf = whole ? this.takeOwn(whole) : this.takeAll(); /* by node of the report's tree: its innermost frame */
		for (const { key } of weights)
			this.sums[key] = this.sum(report.sites, key, this.leaf);
		this.children = this.names.map(() => null);
		for (let i = this.names.length - 1; i > 0; i--)
			(this.children[this.callers[i]] ??= []).push(i);
	}

	takeAll() {
		const leaf = [];

		this.report.tree.rows.forEach((row, node) => {
			let at = row[1] ? leaf[row[1]] : 0;

			for (let i = row.length - 1; i >= 2; i--)
				at = this.child(at, row[i]);
			leaf[node] = at;
		});
		return leaf;
	}

	/* What is left out has its callees at its nearest caller of the program's own, where
	 * those of equal name become one. */
	takeOwn(whole) {
		const own = [0]; /* by frame of the whole tree */
		const isRest = (node) => whole.leaf[node] > 0 && own[whole.leaf[node]] === 0;

		for (let at = 1; at < whole.names.length; at++) {
			const caller = own[whole.callers[at]];

			own[at] = whole.isOwn(at) ? this.child(caller, whole.frames[at]) : caller;
		}
		if (this.report.sites.some((site) => isRest(site.node))) {
			this.rest = this.names.push(FLAME_REST) - 1;
			this.callers.push(0);
			this.frames.push(null);
		}
		this.ofWhole = own;
		return whole.leaf.map((at, node) => isRest(node) ? this.rest : own[at]);
	}

	/* A name as a number: of its string, or beyond all strings. */
	nameNumber(packed) {
		const n = this.report.strings.length;

		if (packed[0] >= 0)
			return packed[0];
		const name = frameName(this.report.tree.frame(packed));
		if (!this.unnamed.has(name))
			this.unnamed.set(name, n + this.unnamed.size);
		return this.unnamed.get(name);
	}

	child(caller, packed) {
		/* Exact: fewer than 2 ** 27 frames and 2 ** 25 names fit into a page. */
		const key = caller * 2 ** 26 + this.nameNumber(packed) * 2 + (packed[5] & 4 ? 1 : 0);
		let at = this.below.get(key);

		if (at === undefined) {
			at = this.names.length;
			this.below.set(key, at);
			this.names.push(packed[0] >= 0 ? this.report.strings[packed[0]] : frameName(this.report.tree.frame(packed)));
			this.callers.push(caller);
			this.frames.push(packed);
		}
		return at;
	}

	/* Some frames stand for no code: the whole, and stacks without own code. */
	isCode(at) {
		return this.frames[at] !== null;
	}

	isLibrary(at) {
		return this.isCode(at) && (this.frames[at][5] & 4) !== 0;
	}

	/* As in stacks elsewhere: not a library's, and not what began the program.  Words in
	 * place of frames that are not known count as own: they may be. */
	isOwn(at) {
		return this.isCode(at) && !this.isLibrary(at) && !isStart.has(this.names[at]);
	}

	/* A module's number among strings; -1: none. */
	moduleOf(at) {
		return this.isCode(at) ? this.frames[at][3] : -1;
	}

	/* Is a node of the report's tree that frame, or called by it? */
	isBelow(node, at) {
		let up = this.leaf[node] ?? 0;

		while (up > at)
			up = this.callers[up];
		return up === at;
	}

	place(at) {
		return this.isCode(at) ? framePlace(this.report.tree.frame(this.frames[at])) : "";
	}

	sum(sites, key, leaf) {
		const sums = new Float64Array(this.names.length);

		for (const site of sites)
			sums[leaf[site.node]] += site[key];
		for (let i = sums.length - 1; i > 0; i--)
			sums[this.callers[i]] += sums[i];
		return sums;
	}

	/* Which frames have a name that passes, and how much is below the outermost of
	 * them. */
	search(test, key) {
		const found = new Set(), isBelow = [];
		let sum = 0;

		for (let i = 0; i < this.names.length; i++) {
			const isFound = test(this.names[i]);

			isBelow[i] = i > 0 && (isBelow[this.callers[i]] || found.has(this.callers[i]));
			if (isFound)
				found.add(i);
			if (isFound && !isBelow[i])
				sum += this.sums[key][i];
		}
		return { found, sum };
	}
}

/* ---- what the library gets ---- */

/* A frame as the library wants it, without children; `at` is its number here. */
function flameFrame(tree, key, at) {
	return { name: plainName(tree.names[at]), at, value: tree.sums[key][at], children: [] };
}

/* Below a frame, what is wide enough, the widest first. */
function flameBelow(tree, key, frame, finest, depth) {
	const sums = tree.sums[key];
	const wide = (tree.children[frame.at] ?? []).filter((at) => sums[at] > 0 && sums[at] >= finest);

	if (depth === 0)
		return;
	wide.sort((a, b) => sums[b] - sums[a]);
	frame.children = wide.map((at) => flameFrame(tree, key, at));
	for (const child of frame.children)
		flameBelow(tree, key, child, finest, depth - 1);
}

/* A frame with its callers up to the whole, which are faded as wide as it is. */
function flameData(tree, key, at) {
	let frame = flameFrame(tree, key, at);

	flameBelow(tree, key, frame, frame.value * FLAME_FINEST, FLAME_DEEPEST);
	while (frame.at !== 0) {
		const caller = flameFrame(tree, key, tree.callers[frame.at]);

		caller.fade = true;
		caller.children = [frame];
		frame = caller;
	}
	return frame;
}

/* ---- the graph ---- */

class FlameGraph {
	/* report     its tree, strings, and sites with a node each
	 * weights    {key, name, text}: what of sites can be the width
	 * more(sums, at)  words more about a frame
	 * paint(sums, at, tree)  its colour; black text can be read on it
	 * about(tree, at)  elements that lead from a frame to what is told of it */
	constructor(report, { weights, more, paint, about = () => [] }) {
		this.report = report;
		this.weights = weights;
		this.whole = new FlameTree(report, weights);
		this.own = null; /* the tree of own code, when it was asked for */
		this.tree = this.whole; /* what is drawn: either */
		this.isUpright = false; /* the root at the bottom */
		this.weight = weights[0];
		this.more = more;
		this.paint = paint;
		this.about = about;
		this.at = 0;
		this.test = null;
		this.place = element("div", { class: "flame", keydown: (event) => this.key(event) });
		this.details = element("p", { class: "values", id: "flame-details" }, "\u00a0");
		this.links = element("p", { class: "values", id: "flame-links" });
		this.result = element("p", { class: "status", role: "status", id: "flame-result" });
		this.shown = element("p", { class: "status", role: "status", id: "flame-shown" });
		this.onTree = () => {}; /* called when another tree is drawn */
		this.chart = flamegraph.default()
			.inverted(!this.isUpright).cellHeight(FLAME_ROW).minFrameSize(2).transitionDuration(0).resetHeightOnZoom(true)
			.setLabelHandler((d) => this.label(d.data.at))
			.setDetailsHandler((text) => { this.details.textContent = text || "\u00a0"; })
			.setColorMapper((d) => this.colour(d))
			.setSearchMatch((d) => this.found.has(d.data.at))
			.setSearchHandler(() => {});
		this.found = new Set();
		/* The library would zoom by itself, into what it has; it is not told of clicks. */
		this.place.addEventListener("click", (event) => {
			const node = event.target.closest("g.frame");

			event.stopPropagation();
			if (node)
				this.look(d3.select(node).datum().data.at);
		}, { capture: true });
		new ResizeObserver(() => this.resize()).observe(this.place);
	}

	label(at, tree = this.tree) {
		const sums = tree.sums[this.weight.key];
		const place = tree.place(at);

		return `${shortened(plainName(tree.names[at]), 300)}${place ? ` (${place})` : ""}: ` +
			`${this.weight.text(sums[at])}, ${shareText(sums[at], sums[0])}${this.more(tree.sums, at)}`;
	}

	colour(d) {
		return d.highlight ? "#ee82ee" : this.paint(this.tree.sums, d.data.at, this.tree);
	}

	/* The library draws; then each frame gets what keyboards and readers need. */
	draw() {
		const width = this.place.clientWidth;

		if (!width)
			return;
		this.width = width;
		this.chart.width(width);
		const data = flameData(this.tree, this.weight.key, this.at);
		const fromRoot = this.isUpright ? this.place.scrollHeight - this.place.scrollTop : 0;

		if (this.isDrawn)
			this.chart.update(data);
		else
			d3.select(this.place).datum(data).call(this.chart);
		this.isDrawn = true;
		if (this.test)
			this.chart.search("x");
		/* Transitions that take no time begin with one timer and end with the next: now, not
		 * some frames later, when another box would be below the mouse. */
		d3.timerFlush();
		d3.timerFlush();
		this.describe();
		/* The root stays where it is, whatever grows above it. */
		if (this.isUpright)
			this.place.scrollTop = this.place.scrollHeight - fromRoot;
	}

	describe() {
		const svg = this.place.querySelector("svg");
		const deepest = Math.max(...this.frames().map((node) => d3.select(node).datum().depth));

		/* The library leaves room for a title: two rows, above an upright graph. */
		svg.setAttribute("height", (deepest + 1) * FLAME_ROW);
		svg.setAttribute("viewBox", `0 ${this.isUpright ? 2 * FLAME_ROW : 0} ${this.width} ${(deepest + 1) * FLAME_ROW}`);
		svg.setAttribute("role", "tree");
		svg.setAttribute("aria-label", `Flame graph, ${this.weight.name.toLowerCase()}, ` +
			`${this.isOwnOnly() ? "own code only, " : ""}the root at the ${this.isUpright ? "bottom" : "top"}. ` +
			"Arrow keys go from frame to frame, Enter zooms in, Escape zooms out.");
		for (const node of this.frames()) {
			const at = d3.select(node).datum().data.at;

			node.setAttribute("role", "treeitem");
			node.setAttribute("aria-label", this.label(at));
			node.setAttribute("aria-level", d3.select(node).datum().depth + 1);
			node.setAttribute("tabindex", at === this.at ? "0" : "-1");
			node.onfocus = () => { this.details.textContent = this.label(at); };
		}
	}

	frames() {
		return [...this.place.querySelectorAll("svg g.frame")];
	}

	/* Another frame over the whole width. */
	look(at, isByKey = false) {
		const hadFocus = isByKey || this.place.contains(document.activeElement);
		const { bottom } = this.place.getBoundingClientRect();

		this.zoom(at);
		this.draw();
		/* What was clicked stays below the mouse. */
		if (this.isUpright)
			scrollBy(0, this.place.getBoundingClientRect().bottom - bottom);
		if (hadFocus)
			this.focus(at);
	}

	zoom(at) {
		this.at = at;
		this.links.replaceChildren(...(at ? this.about(this.tree, at) : []));
	}

	/* A frame of the whole tree, with all code if it is not the program's own. */
	lookWhole(at) {
		if (this.isOwnOnly() && !this.whole.isOwn(at))
			this.setOwnOnly(false);
		this.look(this.isOwnOnly() ? this.own.ofWhole[at] : at, true);
	}

	focus(at) {
		for (const node of this.frames()) {
			const isIt = d3.select(node).datum().data.at === at;

			node.setAttribute("tabindex", isIt ? "0" : "-1");
			if (isIt)
				node.focus();
		}
	}

	/* Towards the root is the caller, away from it the widest callee, left and right the
	 * neighbours. */
	key(event) {
		const node = event.target.closest("g.frame");

		if (!node)
			return;
		const frame = d3.select(node).datum();
		const siblings = frame.parent ? frame.parent.children : [frame];
		const caller = () => frame.parent, callee = () => frame.children && frame.children[0];
		const to = {
			ArrowUp: this.isUpright ? callee : caller, ArrowDown: this.isUpright ? caller : callee,
			ArrowLeft: () => siblings[siblings.indexOf(frame) - 1], ArrowRight: () => siblings[siblings.indexOf(frame) + 1],
			Home: () => frame.ancestors().pop(),
		}[event.key];

		if (to) {
			const next = to();

			if (next)
				this.focus(next.data.at);
		} else if (event.key === "Enter" || event.key === " ") {
			this.look(frame.data.at, true);
		} else if (event.key === "Escape") {
			this.look(Math.max(0, this.tree.callers[this.at]), true);
		} else {
			return;
		}
		event.preventDefault();
	}

	setWeight(weight) {
		this.weight = weight;
		if (this.tree.sums[weight.key][this.at] === 0)
			this.at = 0;
		this.showShare();
		this.search();
	}

	setUpright(isUpright) {
		this.isUpright = isUpright;
		this.chart.inverted(!isUpright);
		this.draw();
		this.place.scrollTop = isUpright ? this.place.scrollHeight : 0;
	}

	isOwnOnly() {
		return this.tree !== this.whole;
	}

	/* The zoom goes to what the frame has become: of those that were merged, the widest. */
	setOwnOnly(isOwnOnly) {
		const sums = this.whole.sums[this.weight.key];

		this.own ??= new FlameTree(this.report, this.weights, this.whole);
		const { ofWhole } = this.own;
		const at = isOwnOnly ? ofWhole[this.at] : this.at && ofWhole.reduce((best, own, i) =>
			own === this.at && this.whole.isOwn(i) && (best === 0 || sums[i] > sums[best]) ? i : best, 0);

		this.tree = isOwnOnly ? this.own : this.whole;
		this.zoom(at);
		this.onTree();
		this.showShare();
		this.search();
	}

	/* How much of all is drawn: all of it, or something is wrong. */
	showShare() {
		const { text, key } = this.weight;
		const shown = this.tree.sums[key][0], all = this.whole.sums[key][0];
		const rest = this.tree.rest ? this.tree.sums[key][this.tree.rest] : 0;

		this.shown.textContent = this.isOwnOnly() ? `Shown: ${text(shown)} of ${text(all)}, ${shareText(shown, all)}; ` +
			`of it ${text(rest)}, ${shareText(rest, all)}, library code only.` : "";
	}

	search(text = this.text) {
		const { sums } = this.tree;

		this.text = text;
		this.test = text ? textTest(text) : null;
		this.found = new Set();
		this.result.textContent = "";
		if (this.test) {
			const { found, sum } = this.tree.search(this.test, this.weight.key);

			this.found = found;
			this.result.textContent = `${countOf(found.size, "frame")} found: ${this.weight.text(sum)}, ` +
				`${shareText(sum, sums[this.weight.key][0])} of all.`;
		}
		this.draw();
	}

	resize() {
		if (this.place.clientWidth !== this.width)
			this.draw();
	}
}

/* A class of style.css, or a colour. */
function swatch(name) {
	const e = element("span", { class: `swatch ${name}`, "aria-hidden": "true" });

	if (name.startsWith("#") || name.startsWith("rgb"))
		e.style.background = name;
	return e;
}

/* The graph with what chooses its width and layout, searches and resets it.
 *
 * legend(tree)  swatches [class, words] */
function drawFlame(place, graph, weights, legend) {
	const legendLine = element("p", { class: "legend-line" });
	const own = element("input", { type: "checkbox", id: "flame-own", autocomplete: "off",
		change: () => graph.setOwnOnly(own.checked) });
	const layout = (value, words, isUpright) => element("label", {}, element("input", { type: "radio", name: "layout", value,
		checked: isUpright === graph.isUpright, autocomplete: "off", change: () => graph.setUpright(isUpright) }), ` ${words}`);
	const input = element("input", { type: "search", id: "flame-search", autocomplete: "off", spellcheck: "false",
		input: afterTyping(() => graph.search(input.value)) });

	place.append(
		element("div", { class: "controls" },
			element("fieldset", {}, element("legend", {}, "Width"), weights.map((weight, i) =>
				element("label", {}, element("input", { type: "radio", name: "weight", value: weight.key, checked: i === 0,
					change: () => graph.setWeight(weight) }), " ", weight.name))),
			element("fieldset", {}, element("legend", {}, "Layout"),
				layout("icicle", "Icicle (root at the top)", false), layout("flame", "Flame graph (root at the bottom)", true)),
			element("label", { title: "Leave out library frames: what they call joins what called them" }, own, " Own code only"),
			element("p", { class: "search" }, element("label", { for: "flame-search" }, "Find: "), input, " ",
				button("Whole graph", () => graph.look(0), { id: "flame-reset" }))),
		graph.result, graph.shown, legendLine, graph.place, graph.details, graph.links);
	graph.onTree = () => {
		own.checked = graph.isOwnOnly();
		legendLine.replaceChildren(...legend(graph.tree).flatMap(([name, words]) => [swatch(name), `${words} `]));
	};
	graph.onTree();
}

/* ---- of a report ---- */

/* Black text can be read on all of them. */
const moduleColours = ["#ffb066", "#8fd3a0", "#9cc6ff", "#dcb4ff", "#f0d15c", "#ffaab8"];
const FLAME_DEAD = "#d4d8de";

/* A colour for each module, the same for those that have little; a library's frames are pale. */
class ModulePaint {
	constructor(tree, sums) {
		const bytes = new Map();

		for (let at = 1; at < tree.names.length; at++) {
			const own = sums[at] - (tree.children[at] ?? []).reduce((sum, child) => sum + sums[child], 0);

			/* Each frame counts by what is below it, the program's own by more. */
			bytes.set(tree.moduleOf(at), (bytes.get(tree.moduleOf(at)) ?? 0) + own + (tree.isLibrary(at) ? 0 : sums[at]));
		}
		this.modules = [...bytes].filter(([module]) => module >= 0).sort((a, b) => b[1] - a[1]).map(([module]) => module);
	}

	strong(module) {
		const i = this.modules.indexOf(module);

		return moduleColours[i < 0 ? moduleColours.length - 1 : Math.min(i, moduleColours.length - 1)];
	}

	colour(tree, at) {
		if (!tree.isCode(at))
			return "#eceff3";
		const strong = this.strong(tree.moduleOf(at));

		return tree.isLibrary(at) ? d3.interpolateRgb("#f4f5f7", strong)(0.3) : strong;
	}

	/* Of the modules in a tree. */
	legend(strings, tree) {
		const there = new Set(tree.names.map((_, at) => tree.moduleOf(at)));
		const modules = this.modules.filter((module) => there.has(module));
		const isNamed = (module) => this.modules.indexOf(module) < moduleColours.length - 1;

		return [...modules.filter(isNamed).map((module) => [this.strong(module), shortened(baseName(strings[module]), 40)]),
			modules.every(isNamed) ? null : [moduleColours.at(-1), "other modules"],
			tree.frames.some((_, at) => tree.isLibrary(at)) ? [d3.interpolateRgb("#f4f5f7", moduleColours[0])(0.3), "pale: library code"] : null,
			["dead", "nothing live"], ["caller", "callers of the zoomed frame"]].filter(Boolean);
	}
}

/* From a frame to the sites below it and what is found of them. */
function frameLinks(report, tree, at) {
	const isBelow = (s) => tree.isBelow(s.node, at);
	const n = report.sites.filter(isBelow).length;
	const findings = report.findings.filter((f, i) => report.finding_sites[i][0] && tree.isBelow(report.finding_sites[i][0], at));

	return [element("span", {}, `${shortened(plainName(tree.names[at]), 80)}: `, button(`Show its ${countOf(n, "site")}`, () => siteTable.showThose(isBelow), { id: "flame-sites" })),
		findingLinks(findings, report)].filter(Boolean);
}

/* In the colours of modules, of sites with the figures of reportWeights.  Returns the graph. */
function drawColoured(place, report, about) {
	const weights = reportWeights.filter(({ isOfAllTime }) => !report.interval || !isOfAllTime);
	let paint = null;
	const graph = new FlameGraph(report, {
		weights,
		more: ({ live_bytes: live, old_bytes: old }, at) => live[at] ?
			`, ${shareText(old[at], live[at])} of the live bytes old` : ", nothing live",
		paint: ({ live_bytes: live }, at, tree) => live[at] ? paint.colour(tree, at) : FLAME_DEAD,
		about,
	});

	paint = new ModulePaint(graph.whole, graph.whole.sums.live_bytes);
	drawFlame(place, graph, weights, (tree) => paint.legend(report.strings, tree));
	return graph;
}

part({
	id: "flame",
	title: "Flame graph",
	follows: true,
	has: (report) => report.sites.length > 0,
	draw(report, place) {
		const graph = drawColoured(place, report, (tree, at) => frameLinks(report, tree, at));

		searchers.set("Functions", (test) => {
			const { found } = graph.whole.search(test, "live_bytes");
			const sums = graph.whole.sums.live_bytes;
			const hits = [...found].filter((at) => at > 0).sort((a, b) => sums[b] - sums[a]);

			return { n: hits.length, found: hits.slice(0, MOST_FOUND).map((at) => ({ label: graph.label(at, graph.whole),
				go() { goTo("flame"); graph.lookWhole(at); } })) };
		});
	},
});
