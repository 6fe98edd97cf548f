/* interval.js -- a part of time: what was allocated then, and lives.
 *
 * In:   the report's cells by period (report/page_births.h).
 * Out:  figures of sites, types, threads and sizes, in the report itself, for an interval;
 *       a bar that says so; the parts that follow, drawn anew.
 * Not here: the chart by birth epoch, and how the interval is chosen with it (memory.js).
 *
 * SPDX-License-Identifier: MIT
 */

/* Numbers of a cell: period, blocks, bytes, old bytes, usable bytes. */
const CELL_NUMBERS = 5;

/* What of a thing was born in periods first to last, and lives. */
function bornIn(cells, { first, last }) {
	const sum = { live_blocks: 0, live_bytes: 0, old_bytes: 0, usable_bytes: 0 };

	for (let i = 0; i < cells.length; i += CELL_NUMBERS)
		if (cells[i] >= first && cells[i] <= last) {
			sum.live_blocks += cells[i + 1];
			sum.live_bytes += cells[i + 2];
			sum.old_bytes += cells[i + 3];
			sum.usable_bytes += cells[i + 4];
		}
	return sum;
}

/* All that lives, as far as it is known when it was born. */
function allBorn(report, interval) {
	return bornIn(report.births.sizes.flat(), interval);
}

/* Live bytes that shares are of. */
function shownBytes(report) {
	return report.interval ? allBorn(report, report.interval).live_bytes : report.totals.live_bytes;
}

/* ---- when that was ---- */

/* Seconds at which an epoch began; null if the timeline does not tell. */
function startOfEpoch(report, epoch) {
	const before = report.cohorts.epochs.findLast((e) => e.epoch + e.n_epochs <= epoch);

	return before ? before.time : report.cohorts.epochs.length && report.cohorts.epochs[0].epoch >= epoch ? 0 : null;
}

function endOfEpoch(report, epoch) {
	const those = report.cohorts.epochs.find((e) => e.epoch + e.n_epochs > epoch);

	return those ? those.time : report.process.uptime_seconds;
}

function intervalText(report, { first, last }) {
	const { periods } = report.births, [from] = periods[first], [, to] = periods[last];
	const start = startOfEpoch(report, from), end = endOfEpoch(report, to);

	return `epoch${from === to ? "" : "s"} ${birthText({ first_epoch: from, last_epoch: to })}` +
		(start === null ? "" : ` (${durationText(start)} to ${durationText(end)})`);
}

/* ---- figures ---- */

/* Of whatever a list of cells is of: its figures for an interval, or again those of all time.
 * keys: what the figures are called there. */
function follow(thing, cells, interval, keys) {
	const born = interval && bornIn(cells ?? [], interval);

	thing.ofAll ??= Object.fromEntries(Object.keys(keys).map((key) => [key, thing[key]]));
	for (const [key, name] of Object.entries(keys))
		thing[key] = interval ? born[name] : thing.ofAll[key];
}

function followAll(report) {
	const { interval, births } = report;
	const counts = { blocks: "live_blocks", bytes: "live_bytes" };

	for (const site of report.sites)
		follow(site, site.births, interval, { live_blocks: "live_blocks", live_bytes: "live_bytes", old_bytes: "old_bytes", usable_bytes: "usable_bytes" });
	report.types?.forEach((t, i) => follow(t, births.types[i], interval, { live_blocks: "live_blocks", live_bytes: "live_bytes" }));
	report.sizes.forEach((s, i) => follow(s, births.sizes[i], interval, { ...counts, usable_bytes: "usable_bytes" }));
	report.threads.forEach((t, i) => t.live && follow(t.live, births.threads[i], interval, counts));
}

/* ---- findings ---- */

/* A line in each place where a finding is shown: what of it was born then. */
const bornLines = new Set();

function sayBorn(report, { line, finding }) {
	const cells = report.births?.findings[report.findings.indexOf(finding)] ?? [];

	line.hidden = !report.interval || cells.length === 0;
	if (line.hidden)
		return;
	const all = bornIn(cells, { first: 0, last: Infinity }), born = bornIn(cells, report.interval);

	line.textContent = `Of the ${sizeText(all.live_bytes)} that live of its sites, ${sizeText(born.live_bytes)} ` +
		`(${shareText(born.live_bytes, all.live_bytes)}) in ${countOf(born.live_blocks, "block")} were allocated in the interval.`;
}

function bornLine(report, finding) {
	const x = { line: element("p", { class: "born", hidden: true }), finding };

	bornLines.add(x);
	sayBorn(report, x);
	return x.line;
}

/* ---- the choice ---- */

let intervalBar = null;

function showInterval(report) {
	const { interval } = report;

	if (!intervalBar) {
		intervalBar = element("div", { id: "interval", role: "status" });
		document.getElementById("main").prepend(intervalBar);
	}
	intervalBar.hidden = !interval;
	if (!interval)
		return;
	const born = allBorn(report, interval);

	intervalBar.replaceChildren(
		element("span", {}, "Allocated in ", element("strong", {}, intervalText(report, interval)), ": ", size(born.live_bytes),
			` in ${countOf(born.live_blocks, "block")} live, ${shareText(born.live_bytes, report.totals.live_bytes)} of all. `,
			element("span", { class: "remark" }, "Sites, types, sizes, threads, flame graph and findings tell of these.")), " ",
		button("All of time", () => chooseInterval(report, null), { id: "interval-all" }));
}

const intervalListeners = [];

/* {first, last}: periods, both included; null: all of time. */
function chooseInterval(report, interval) {
	const hadFocus = document.activeElement?.id === "interval-all";

	report.interval = interval;
	followAll(report);
	showInterval(report);
	for (const x of bornLines)
		sayBorn(report, x);
	for (const p of parts)
		if (p.place && p.follows) {
			p.place.replaceChildren(p.place.firstChild);
			p.draw(report, p.place);
		}
	intervalListeners.forEach((f) => f());
	if (hadFocus)
		document.querySelector("#demographics select")?.focus();
}

/* Two lists to choose from: the beginning and the end. */
function intervalControls(report) {
	const { periods } = report.births;
	const markAt = (epoch) => report.marks.filter((m) => m.epoch === epoch).map((m) => `, mark ${shortened(m.label, 40)}`).join("");
	const time = (seconds) => seconds === null ? "" : ` (${durationText(seconds)})`;
	const list = (id, text, at) => element("select", { id, change: () => pick() },
		periods.map((p, i) => element("option", { value: i, selected: i === at }, text(p))));
	const from = list("interval-from", ([epoch]) => `epoch ${countText(epoch)}${time(startOfEpoch(report, epoch))}${markAt(epoch)}`, 0);
	const to = list("interval-to", ([, epoch]) => `epoch ${countText(epoch)}${time(endOfEpoch(report, epoch))}${markAt(epoch + 1)}`, periods.length - 1);
	const pick = () => {
		const first = Number(from.value), last = Number(to.value);

		chooseInterval(report, { first: Math.min(first, last), last: Math.max(first, last) });
	};

	intervalListeners.push(() => {
		from.value = report.interval?.first ?? 0;
		to.value = report.interval?.last ?? periods.length - 1;
	});
	return element("p", { class: "controls" }, element("label", {}, "Only what was allocated from ", from), element("label", {}, " to the end of ", to));
}

/* The periods of the rows of a chart by birth epoch. */
function intervalOfRows(report, first, last) {
	const { rows } = report.demographics, { periods } = report.births;

	return { first: periods.findIndex(([, end]) => end >= rows[first].first_epoch),
		last: periods.findLastIndex(([begin]) => begin <= rows[last].last_epoch) };
}
