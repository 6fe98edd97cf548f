/* diff.js -- what has changed between two snapshots or more.
 *
 * In:   the JSON of a comparison, "gcprof-diff/1".
 * Out:  its head and its parts.
 * Not here: what has changed (tools/compare/diff.c).
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- words ---- */

const relations = {
	"one process": "snapshots of one process",
	"one build": "processes of one build",
	"different builds": "different builds, their sites matched by function names",
};

function grownText(bytes) {
	return (bytes > 0 ? "+" : "") + sizeText(bytes);
}

function grown(bytes) {
	return element("data", { value: bytes, title: countText(bytes) + " bytes" }, grownText(bytes));
}

function drawDiffHead(diff) {
	const [first] = diff.snapshots, last = diff.snapshots.at(-1);
	const name = shortened(baseName(last.executable || last.command || "") || "a program", 80);

	document.title = `${name}: changes`;
	document.getElementById("title").textContent = `${name}: changes`;
	document.getElementById("about").append(
		element("code", { class: "name", title: first.file }, shortened(baseName(first.file), 60)), " \u2192 ",
		element("code", { class: "name", title: last.file }, shortened(baseName(last.file), 60)),
		` \u00b7 ${relations[diff.relation] ?? diff.relation}`,
		diff.filters ? ` \u00b7 ${diff.filters}` : "");
}

/* ---- in short ---- */

part({
	id: "summary",
	schema: SCHEMA_DIFF,
	title: "Summary",
	draw(diff, place) {
		const top = diff.sites.find((s) => s.growth.bytes > 0);
		const states = Object.entries(diff.totals).filter(([, t]) => t.sites > 0);

		const doubts = [
			diff.snapshots.some((s) => !s.complete) && "A snapshot is incomplete: some memory is missing from these figures.",
			diff.snapshots.some((s) => s.sample_bytes) && "Stacks were sampled: figures by site are of the samples only.",
		];

		place.append(
			element("p", { class: "sentence" }, top ?
				[element("strong", {}, grownText(top.growth.bytes)), " at ", whereLine(top.frames, 1),
					`, of ${grownText(diff.growth.bytes)} in all.`] : "No site has grown."),
			element("dl", { class: "tiles" },
				tile("before", "Before", size(diff.before.bytes), countOf(diff.before.blocks, "block")),
				tile("after", "After", size(diff.after.bytes), countOf(diff.after.blocks, "block")),
				tile("growth", "Growth", grown(diff.growth.bytes), `${diff.growth.blocks > 0 ? "+" : ""}${countText(diff.growth.blocks)} blocks`),
				diff.blocks && tile("still", "Still live", countText(diff.blocks.still_live), `of ${countOf(diff.blocks.before, "block")} before`)),
			...doubts.filter(Boolean).map((doubt) => element("p", { class: "warning" }, doubt)),
			new Table({
				caption: "Sites by change",
				columns: [
					{ title: "Change", value: ([state]) => state, cell: ([state]) => state },
					{ title: "Number", isNumber: true, value: ([, t]) => t.sites },
					{ title: "Before", isNumber: true, value: ([, t]) => t.before.bytes, cell: ([, t]) => size(t.before.bytes) },
					{ title: "After", isNumber: true, value: ([, t]) => t.after.bytes, cell: ([, t]) => size(t.after.bytes) },
				],
				rows: states,
			}).element);
	},
});

/* ---- small multiples ---- */

const MOST_MULTIPLES = 12;

function trendText(trend) {
	if (!trend)
		return "too few snapshots for a trend";
	return `${grownText(trend.slope)} per ${trend.per} (${grownText(trend.low)} to ${grownText(trend.high)}), ` +
		`confidence ${(100 * trend.confidence).toFixed(0)} %`;
}

part({
	id: "trends",
	schema: SCHEMA_DIFF,
	title: "Trends",
	has: (diff) => diff.snapshots.length > 2 && diff.sites.length > 0,
	draw(diff, place) {
		const isOne = diff.relation === "one process";
		const xs = diff.snapshots.map((s, i) => isOne ? s.uptime_seconds : i);

		place.append(
			element("p", {}, isOne ? "Live bytes over time, from the first snapshot to the last. " : "Live bytes in each snapshot, in their order. ",
				"Each chart begins at 0 and has its own scale."),
			element("ul", { class: "multiples" }, diff.sites.slice(0, MOST_MULTIPLES).map((s) => {
				const name = shortName(s.function ?? "(unknown)");
				const words = `${sizeText(s.live_bytes[0])} to ${sizeText(s.live_bytes.at(-1))}`;

				return element("li", {}, element("p", {}, whereLine(s.frames, 1)),
					new SmallChart(xs, s.live_bytes, `${name}: ${words}`).place,
					element("p", { class: "remark" }, words), element("p", { class: "remark" }, trendText(s.trend)));
			})));
	},
});

/* ---- tables ---- */

function changeColumns(diff) {
	const bytes = (title, value, show = size) => ({ title, isNumber: true, value, cell: (s) => show(value(s)) });
	return [
		{ title: "State", value: (s) => s.state, cell: (s) => s.state },
		bytes("Growth", (s) => s.growth.bytes, grown),
		bytes("Before", (s) => s.before.bytes),
		bytes("After", (s) => s.after.bytes),
		{ title: "Blocks", hint: "growth in blocks", isNumber: true, value: (s) => s.growth.blocks,
			cell: (s) => `${s.growth.blocks > 0 ? "+" : ""}${countText(s.growth.blocks)}` },
	];
}

/* With more than two snapshots. */
function trendColumns(diff) {
	return diff.snapshots.length < 3 ? [] : [{
		title: `Per ${diff.sites[0]?.trend?.per ?? "snapshot"}`, isNumber: true, hint: "slope, with its confidence",
		value: (s) => s.trend?.slope ?? 0,
		cell: (s) => s.trend ? `${grownText(s.trend.slope)}, ${(100 * s.trend.confidence).toFixed(0)} %` : "-",
	}];
}

/* As a site of its own, from sites whose state may differ. */
function changeOf(group) {
	const { sites } = group;
	const sum = (when) => ({ blocks: sumOf(sites, (s) => s[when].blocks), bytes: sumOf(sites, (s) => s[when].bytes) });
	const before = sum("before"), after = sum("after");
	const growth = { blocks: after.blocks - before.blocks, bytes: after.bytes - before.bytes };
	const more = growth.bytes || growth.blocks;

	return { ...group, before, after, growth,
		state: sites.every((s) => s.state === "unmatched") ? "unmatched" : !before.blocks && after.blocks ? "new" :
			before.blocks && !after.blocks ? "gone" : more > 0 ? "grown" : more < 0 ? "shrunk" : "same" };
}

part({
	id: "sites",
	schema: SCHEMA_DIFF,
	title: "Sites",
	draw(diff, place) {
		stacksTable(place, diff.sites, {
			table: {
				caption: "Allocation sites, and how their memory changed",
				columns: [{ title: "Site", value: (s) => stackLine(s.frames, 2), cell: (s) => whereLine(s.frames, 2) },
					...changeColumns(diff), ...trendColumns(diff)],
				sorted: { column: 2, isFalling: true },
				open: (s) => [
					s.blocks && element("p", {}, `Of ${countOf(s.blocks.before, "block")} before, ${countText(s.blocks.still_live)} still live; ` +
						`${countText(s.blocks.came)} allocated since.`),
					stackList(s.frames),
				],
			},
			sumUp: changeOf,
			columns: changeColumns(diff),
			sorted: 2,
			weight: (s) => Math.abs(s.growth.bytes),
			amount: (s) => grown(s.growth.bytes),
		});
	},
});

part({
	id: "types",
	schema: SCHEMA_DIFF,
	title: "Types",
	has: (diff) => diff.types.length > 0,
	draw(diff, place) {
		place.append(new Table({
			caption: "Types, and how their memory changed",
			columns: [typeColumn, ...changeColumns(diff), ...trendColumns(diff)],
			rows: diff.types,
			sorted: { column: 2, isFalling: true },
		}).element);
	},
});

/* ---- the flame graph ---- */

const diffWeights = [
	{ key: "growth", name: "Growth", text: sizeText },
	{ key: "shrinkage", name: "Shrinkage", text: sizeText },
	{ key: "after", name: "After", text: sizeText },
	{ key: "before", name: "Before", text: sizeText },
];

part({
	id: "flame",
	schema: SCHEMA_DIFF,
	title: "Flame graph",
	has: (diff) => diff.sites.length > 0,
	draw(diff, place) {
		const whole = treeOfStacks(diff.sites, ({ growth, before, after }) => ({ growth: Math.max(0, growth.bytes),
			shrinkage: Math.max(0, -growth.bytes), after: after.bytes, before: before.bytes }));
		const weights = diffWeights.filter(({ key }) => whole.sites.some((s) => s[key] > 0));
		const graph = new FlameGraph(whole, {
			weights: weights.length ? weights : diffWeights,
			more: ({ before, after }, at) => before && after ? `; ${sizeText(before[at])} before, ${sizeText(after[at])} after` : "",
			/* As much red as there is growth, as much blue as there is shrinkage. */
			paint: ({ growth, shrinkage }, at) => {
				const more = growth?.[at] ?? 0, less = shrinkage?.[at] ?? 0;

				return more + less === 0 ? "#d4d8de" : d3.interpolateRgb("#a9d6f5", "#ff9f8a")(more / (more + less));
			},
		});

		drawFlame(place, graph, weights, () => [["grown", "grown"], ["shrunk", "shrunk"], ["dead", "the same"]]);
	},
});
