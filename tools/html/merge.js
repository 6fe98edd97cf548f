/* merge.js -- the snapshots of many processes in one page.
 *
 * In:   the JSON of many processes, "gcprof-merge/1".
 * Out:  its head and its parts: who stands out first.
 * Not here: what is summed up, and who stands out (tools/compare/merge.c).
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- words ---- */

/* Process numbers tell processes apart unless they are of several containers. */
function processName(merge, i) {
	const { pid, file } = merge.processes[i];
	const isAlone = merge.processes.every((p, k) => k === i || p.pid !== pid);

	return isAlone ? `pid ${pid}` : `pid ${pid} (${shortened(baseName(file), 60)})`;
}

/* "1.0 MiB to 5.2 MiB per process, median 1.1 MiB" */
function spreadText(spread) {
	return `${sizeText(spread.min)} to ${sizeText(spread.max)} per process, median ${sizeText(spread.median)}`;
}

function outlierText(merge, spread) {
	const rest = spread.standing_out - spread.outliers.length;
	const names = spread.outliers.map((o) => `${processName(merge, o.process)} with ${sizeText(o.bytes)}`);

	return names.length === 0 ? "" : `${spread.standing_out === 1 ? "outlier" : "outliers"}: ${names.join(", ")}` +
		(rest > 0 ? `, and ${countText(rest)} more` : "");
}

function drawMergeHead(merge) {
	const [first] = merge.processes;
	const name = shortened(baseName((first?.command ?? "").split(" ")[0]) || "a program", 80);

	document.title = `${name}: ${countText(merge.totals.processes)} process${merge.totals.processes === 1 ? "" : "es"}`;
	document.getElementById("title").textContent = document.title;
	document.getElementById("about").append("the last snapshot of each; sites matched by function names",
		merge.filters ? ` \u00b7 ${merge.filters}` : "");
}

/* ---- in short ---- */

/* Of the sites at which somebody stands out the one with most beyond the median, or null. */
function worstOutlier(merge) {
	const beyond = (s) => s.live_bytes.max - s.live_bytes.median;

	return merge.sites.filter((s) => s.live_bytes.outliers.length).reduce((worst, s) => worst && beyond(worst) >= beyond(s) ? worst : s, null);
}

part({
	id: "summary",
	schema: SCHEMA_MERGE,
	title: "Summary",
	draw(merge, place) {
		const { totals, processes } = merge, worst = worstOutlier(merge);
		const nIncomplete = processes.filter((p) => !p.complete).length, nOut = processes.filter((p) => p.stands_out_at).length;

		place.append(
			element("p", { class: "sentence" }, worst ?
				[element("strong", {}, processName(merge, worst.live_bytes.outliers[0].process)), " has ",
					element("strong", {}, sizeText(worst.live_bytes.max)), " at ", whereLine(worst.frames, 1),
					`, where the median is ${sizeText(worst.live_bytes.median)}.`] : "No process stands out at any site."),
			element("dl", { class: "tiles" },
				tile("live", "Live in all", size(totals.live.bytes), countOf(totals.live.blocks, "block")),
				tile("median", "Median of a process", size(totals.live_bytes.median), `${sizeText(totals.live_bytes.min)} to ${sizeText(totals.live_bytes.max)}`),
				tile("outlying", "Outliers", countText(nOut), `of ${countText(totals.processes)} processes, at some site`),
				tile("old", "Old", size(totals.old.bytes), `${shareText(totals.old.bytes, totals.live.bytes)} of what is live`)),
			...nIncomplete ? [element("p", { class: "warning" }, `${countOf(nIncomplete, "snapshot")} ${nIncomplete === 1 ? "is" : "are"} incomplete: ` +
				"some memory is missing from these figures.")] : []);
	},
});

/* ---- process by process ---- */

function openedProcess(merge, i) {
	const sites = merge.sites.filter((s) => s.live_bytes.outliers.some((o) => o.process === i)).slice(0, 20);

	return [
		element("p", {}, element("code", { class: "name" }, shortened(merge.processes[i].command ?? "", 2000)), ", ",
			element("code", { class: "name" }, merge.processes[i].file)),
		sites.length ? element("ul", {}, sites.map((s) => element("li", {},
			size(s.live_bytes.outliers.find((o) => o.process === i).bytes), ` where the median is ${sizeText(s.live_bytes.median)}: `, whereLine(s.frames, 3)))) : null,
	];
}

part({
	id: "processes",
	schema: SCHEMA_MERGE,
	title: "Processes",
	draw(merge, place) {
		const bytes = (i) => merge.processes[i].counted.bytes;
		const beyond = (i) => bytes(i) - merge.totals.live_bytes.median;

		place.append(
			element("p", {}, "Those that have more than others at some site come first."),
			new Table({
				caption: "Processes, the outliers first",
				columns: [
					{ title: "Process", value: (i) => merge.processes[i].pid, cell: (i) => element("span", { class: "name" }, processName(merge, i)) },
					{ title: "Outlier at", hint: "sites at which it has far more than the median", isNumber: true, value: (i) => merge.processes[i].stands_out_at,
						cell: (i) => merge.processes[i].stands_out_at ? countOf(merge.processes[i].stands_out_at, "site") : "-" },
					{ title: "Live", isNumber: true, value: bytes, cell: (i) => size(bytes(i)) },
					{ title: "Beyond median", hint: "live bytes, less the median of all processes", isNumber: true, value: beyond, cell: (i) => grown(beyond(i)) },
					{ title: "Blocks", hint: "live blocks", isNumber: true, value: (i) => merge.processes[i].counted.blocks },
					{ title: "Uptime", isNumber: true, value: (i) => merge.processes[i].uptime_seconds, cell: (i) => durationText(merge.processes[i].uptime_seconds) },
				],
				/* The order between those with as many sites is that of their size. */
				rows: merge.processes.map((_, i) => i).sort((a, b) => bytes(b) - bytes(a)),
				sorted: { column: 1, isFalling: true },
				open: (i) => openedProcess(merge, i),
			}).element);
	},
});

part({
	id: "multiples",
	schema: SCHEMA_MERGE,
	title: "Sites by process",
	has: (merge) => merge.by_process.length > 0 && merge.processes.length > 1,
	draw(merge, place) {
		const xs = merge.processes.map((_, i) => i);

		place.append(
			element("p", {}, "A bar for each process, in the order in which they were read; outliers are red. ",
				"Those sites come first at which a process stands out most. Each chart has its own scale."),
			element("ul", { class: "multiples" }, merge.by_process.map(({ site, live_bytes: values }) => {
				const s = merge.sites[site], out = new Set(s.live_bytes.outliers.map((o) => o.process));
				const words = spreadText(s.live_bytes), outliers = outlierText(merge, s.live_bytes);

				return element("li", {}, element("p", {}, whereLine(s.frames, 1)),
					new SmallChart(xs, values, `${stackLine(s.frames, 1)}: ${words}${outliers && "; "}${outliers}`,
						{ isMarked: (i) => out.has(i) }).place,
					element("p", { class: "remark" }, words), outliers ? element("p", { class: "remark" }, outliers) : null);
			})));
	},
});

/* ---- what was found ---- */

part({
	id: "findings",
	schema: SCHEMA_MERGE,
	title: "Findings",
	has: (merge) => merge.findings.length > 0,
	draw(merge, place) {
		const n = merge.processes.length, order = Object.keys(levels);

		place.append(new Table({
			caption: "Findings, and how many processes have them",
			columns: [
				{ title: "Finding", value: (f) => f.what, cell: (f) => [levelTag(f), " ", f.what, f.function === null ? null : [" ", nameElement(f.function)]] },
				{ title: "Processes", isNumber: true, value: (f) => f.processes, cell: (f) => `${countText(f.processes)} of ${countText(n)}` },
				{ title: "Bytes", isNumber: true, value: (f) => f.bytes, cell: (f) => size(f.bytes) },
				{ title: "Blocks", isNumber: true, value: (f) => f.blocks },
			],
			rows: [...merge.findings].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level)),
			open: (f) => element("p", {}, "For example: ", f.summary),
		}).element);
	},
});

/* ---- tables ---- */

function fleetColumns(merge) {
	const bytes = (title, value, hint) => ({ title, hint, isNumber: true, value, cell: (s) => size(value(s)) });

	return [
		bytes("Live", (s) => s.live.bytes, "in all processes"),
		{ title: "Share", hint: "of all live bytes", isNumber: true, value: (s) => s.live.bytes, cell: (s) => shareText(s.live.bytes, merge.totals.live.bytes) },
		bytes("Old", (s) => s.old.bytes),
		{ title: "Blocks", hint: "live blocks", isNumber: true, value: (s) => s.live.blocks },
	];
}

function fleetSum(group) {
	const sum = (what) => ({ blocks: sumOf(group.sites, (s) => s[what].blocks), bytes: sumOf(group.sites, (s) => s[what].bytes) });

	return { ...group, live: sum("live"), old: sum("old") };
}

part({
	id: "sites",
	schema: SCHEMA_MERGE,
	title: "Sites",
	draw(merge, place) {
		const bytes = (title, key) => ({ title, hint: "of a process", isNumber: true, value: (s) => s.live_bytes[key], cell: (s) => size(s.live_bytes[key]) });

		stacksTable(place, merge.sites, {
			table: {
				caption: "Allocation sites of all processes",
				columns: [{ title: "Site", value: (s) => stackLine(s.frames, 2), cell: (s) => whereLine(s.frames, 2) }, ...fleetColumns(merge),
					{ title: "Processes", hint: "with live blocks of it", isNumber: true, value: (s) => s.processes },
					bytes("Median", "median"), bytes("Most", "max"),
					{ title: "Outliers", isNumber: true, value: (s) => s.live_bytes.standing_out }],
				sorted: { column: 1, isFalling: true },
				open: (s) => [element("p", {}, `${spreadText(s.live_bytes)}; allocated ${countText(s.allocations)} times.`),
					s.live_bytes.outliers.length ? element("p", {}, `${outlierText(merge, s.live_bytes)}.`) : null, stackList(s.frames)],
			},
			sumUp: fleetSum,
			columns: fleetColumns(merge),
			weight: (s) => s.live.bytes,
			amount: (s) => size(s.live.bytes),
		});
	},
});

part({
	id: "types",
	schema: SCHEMA_MERGE,
	title: "Types",
	has: (merge) => merge.types.length > 0,
	draw(merge, place) {
		place.append(new Table({
			caption: "Types of the live blocks of all processes",
			columns: [
				typeColumn,
				{ title: "Live", isNumber: true, value: (t) => t.live.bytes, cell: (t) => size(t.live.bytes) },
				{ title: "Blocks", hint: "live blocks", isNumber: true, value: (t) => t.live.blocks },
				{ title: "Processes", isNumber: true, value: (t) => t.processes },
				{ title: "Most", hint: "of a process", isNumber: true, value: (t) => t.max_bytes, cell: (t) => size(t.max_bytes) },
			],
			rows: merge.types,
			sorted: { column: 1, isFalling: true },
		}).element);
	},
});

/* ---- the flame graph ---- */

part({
	id: "flame",
	schema: SCHEMA_MERGE,
	title: "Flame graph",
	has: (merge) => merge.sites.length > 0,
	draw(merge, place) {
		const whole = treeOfStacks(merge.sites, (s) => ({ live_bytes: s.live.bytes, old_bytes: s.old.bytes,
			allocated_bytes: s.allocated_bytes, allocations: s.allocations }));

		drawColoured(place, whole);
	},
});
