/* flame.js -- the flame graph: where the memory comes from, from main downwards.
 *
 * In:   the report's sites and its calling-context tree.
 * Out:  the part "Flame graph"; d3-flame-graph draws it.  Colours are of modules, a
 *       library's frames pale.
 * Not here: the colours of text and background (style.css).
 *
 * The calling-context tree may have a million nodes.  It is merged by names once;
 * the library gets what is wide enough to be seen of the frame that is looked at,
 * with that frame's callers, and gets it anew for another frame.
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
	{ key: "allocated_bytes", name: "Allocated bytes", text: sizeText },
	{ key: "allocations", name: "Allocations", text: countText },
];

/* ---- the tree, merged ---- */

/* Frames with the same name under the same callers are one.
 * INVARIANT  order: a frame's number is higher than its caller's; 0 is the whole. */
class FlameTree {
	constructor(report, weights) {
		this.report = report;
		this.names = ["all"];
		this.callers = [-1];
		this.frames = [null]; /* as the report packs them; the first of those merged */
		this.below = new Map(); /* callee by caller and name */
		this.unnamed = new Map(); /* numbers of names that are no function's */
		this.sums = {};
		const leaf = [];

		this.leaf = leaf; /* by node of the report's tree: its innermost frame */
		report.tree.rows.forEach((row, node) => {
			let at = row[1] ? leaf[row[1]] : 0;

			for (let i = row.length - 1; i >= 2; i--)
				at = this.child(at, row[i]);
			leaf[node] = at;
		});
		for (const { key } of weights)
			this.sums[key] = this.sum(report.sites, key, leaf);
		this.children = this.names.map(() => null);
		for (let i = this.names.length - 1; i > 0; i--)
			(this.children[this.callers[i]] ??= []).push(i);
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
		/* Exact: fewer than 2 ** 27 frames and 2 ** 26 names fit into a page. */
		const key = caller * 2 ** 26 + this.nameNumber(packed);
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

	isLibrary(at) {
		return at > 0 && (this.frames[at][5] & 4) !== 0;
	}

	/* A module's number among strings; -1: none. */
	moduleOf(at) {
		return at ? this.frames[at][3] : -1;
	}

	/* Is a node of the report's tree that frame, or called by it? */
	isBelow(node, at) {
		let up = this.leaf[node] ?? 0;

		while (up > at)
			up = this.callers[up];
		return up === at;
	}

	place(at) {
		return at ? framePlace(this.report.tree.frame(this.frames[at])) : "";
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
		this.tree = new FlameTree(report, weights);
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
		this.chart = flamegraph.default()
			.inverted(true).cellHeight(FLAME_ROW).minFrameSize(2).transitionDuration(0).resetHeightOnZoom(true)
			.setLabelHandler((d) => this.label(d.data.at))
			.setDetailsHandler((text) => { this.details.textContent = text || "\u00a0"; })
			.setColorMapper((d) => this.colour(d))
			.setSearchMatch((d) => this.found.has(d.data.at))
			.setSearchHandler(() => {})
			.onClick((d) => this.look(d.data.at));
		this.found = new Set();
		new ResizeObserver(() => this.resize()).observe(this.place);
	}

	label(at) {
		const sums = this.tree.sums[this.weight.key];
		const place = this.tree.place(at);

		return `${shortened(plainName(this.tree.names[at]), 300)}${place ? ` (${place})` : ""}: ` +
			`${this.weight.text(sums[at])}, ${shareText(sums[at], sums[0])}${this.more(this.tree.sums, at)}`;
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

		if (this.isDrawn)
			this.chart.update(data);
		else
			d3.select(this.place).datum(data).call(this.chart);
		this.isDrawn = true;
		if (this.test)
			this.chart.search("x");
		this.describe();
	}

	describe() {
		const svg = this.place.querySelector("svg");
		const deepest = Math.max(...this.frames().map((node) => d3.select(node).datum().depth));

		/* The library leaves room for a title. */
		svg.setAttribute("height", (deepest + 1) * FLAME_ROW);
		svg.setAttribute("role", "tree");
		svg.setAttribute("aria-label", `Flame graph, ${this.weight.name.toLowerCase()}. ` +
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

	/* Another frame over the whole width.  Not in the middle of the library's own
	 * work, which goes on after a click. */
	look(at, isByKey = false) {
		const hadFocus = isByKey || this.place.contains(document.activeElement);

		this.at = at;
		this.links.replaceChildren(...(at ? this.about(this.tree, at) : []));
		queueMicrotask(() => {
			this.draw();
			if (hadFocus)
				this.focus(at);
		});
	}

	focus(at) {
		for (const node of this.frames()) {
			const isIt = d3.select(node).datum().data.at === at;

			node.setAttribute("tabindex", isIt ? "0" : "-1");
			if (isIt)
				node.focus();
		}
	}

	/* Up is the caller, down the widest callee, left and right its neighbours. */
	key(event) {
		const node = event.target.closest("g.frame");

		if (!node)
			return;
		const frame = d3.select(node).datum();
		const siblings = frame.parent ? frame.parent.children : [frame];
		const to = {
			ArrowUp: () => frame.parent, ArrowDown: () => frame.children && frame.children[0],
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
		this.search();
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

/* The graph with what chooses its width, searches and resets it; legend: swatches
 * {class, words}. */
function drawFlame(place, graph, weights, legend) {
	const input = element("input", { type: "search", id: "flame-search", autocomplete: "off", spellcheck: "false",
		input: afterTyping(() => graph.search(input.value)) });

	place.append(
		element("div", { class: "controls" },
			element("fieldset", {}, element("legend", {}, "Width"), weights.map((weight, i) =>
				element("label", {}, element("input", { type: "radio", name: "weight", value: weight.key, checked: i === 0,
					change: () => graph.setWeight(weight) }), " ", weight.name))),
			element("p", { class: "search" }, element("label", { for: "flame-search" }, "Find: "), input, " ",
				button("Whole graph", () => graph.look(0), { id: "flame-reset" }))),
		graph.result,
		element("p", { class: "legend-line" }, legend.map(([name, words]) =>
			[swatch(name), `${words} `])),
		graph.place, graph.details, graph.links);
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
		if (at === 0)
			return "#eceff3";
		const strong = this.strong(tree.moduleOf(at));

		return tree.isLibrary(at) ? d3.interpolateRgb("#f4f5f7", strong)(0.3) : strong;
	}

	legend(strings) {
		const named = this.modules.slice(0, moduleColours.length - 1);

		return [...named.map((module) => [this.strong(module), shortened(baseName(strings[module]), 40)]),
			...(this.modules.length > named.length ? [[moduleColours.at(-1), "other modules"]] : []),
			[d3.interpolateRgb("#f4f5f7", moduleColours[0])(0.3), "pale: library code"], ["dead", "nothing live"], ["caller", "callers of the zoomed frame"]];
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

part({
	id: "flame",
	title: "Flame graph",
	has: (report) => report.sites.length > 0,
	draw(report, place) {
		let paint = null;
		const graph = new FlameGraph(report, {
			weights: reportWeights,
			more: ({ live_bytes: live, old_bytes: old }, at) => live[at] ?
				`, ${shareText(old[at], live[at])} of the live bytes old` : ", nothing live",
			paint: ({ live_bytes: live }, at, tree) => live[at] ? paint.colour(tree, at) : FLAME_DEAD,
			about: (tree, at) => frameLinks(report, tree, at),
		});

		paint = new ModulePaint(graph.tree, graph.tree.sums.live_bytes);
		drawFlame(place, graph, reportWeights, paint.legend(report.strings));
		searchers.push({ title: "Functions", find(test) {
			const { found } = graph.tree.search(test, "live_bytes");
			const sums = graph.tree.sums.live_bytes;
			const hits = [...found].filter((at) => at > 0).sort((a, b) => sums[b] - sums[a]);

			return { n: hits.length, found: hits.slice(0, MOST_FOUND).map((at) => ({ label: graph.label(at),
				go() { goTo("flame"); graph.look(at, true); } })) };
		} });
	},
});
