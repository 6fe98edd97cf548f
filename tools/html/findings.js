/* findings.js -- what is wrong first; then each finding with its holder and evidence.
 *
 * In:   the report.
 * Out:  the parts "Summary", "Leak suspects" and "Findings".
 * Not here: what is a finding, and what its sentences say (the analyzer).
 *
 * SPDX-License-Identifier: MIT
 */

/* Signs beside the colours, for who does not see these. */
const levels = {
	error: { sign: "\u2716", plural: "errors" },
	warning: { sign: "\u25b2", plural: "warnings" },
	note: { sign: "\u2139", plural: "notes" },
};

function levelTag(finding) {
	return element("span", { class: `level ${finding.level}` },
		element("span", { "aria-hidden": "true" }, levels[finding.level].sign + " "), finding.level);
}

function isProblem(finding) {
	return finding.level !== "note";
}

/* In the order of the report: those that have a place of their own, and behind them those that
 * are small.  What is a part of another is shown with that. */
function numbered(report) {
	const wholes = report.findings.filter((f) => !f.part_of);

	return [...wholes.filter((f) => !f.small), ...wholes.filter((f) => f.small)];
}

/* ---- what must be known before the numbers are believed ---- */

function doubts(report) {
	const { process, leaks } = report;
	const said = [];

	if (!process.complete) {
		const losses = Object.entries(process.losses).map(([name, n]) =>
			`${countText(n)} ${process.loss_meanings[name] ?? name}`);

		said.push("This snapshot is not complete" + (losses.length ? `: ${losses.join("; ")}.` : "."));
	}
	if (process.sample_bytes)
		said.push(`Sampled: one call stack was recorded per ${sizeText(process.sample_bytes)} allocated, on average. Blocks ` +
			"without a stack are counted together as one site; the figures of the others are a part of what they hold.");
	if (!leaks.computed)
		said.push("The snapshot has no pointers, so there is no leak check, and no retaining paths.");
	else if (leaks.turned_off)
		said.push("The program has disabled the leak check: lost memory is not reported.");
	if (process.snapshot_reason === "watch")
		said.push("The snapshot was taken for an alarm, without stopping the threads.");
	return said.map((text) => element("p", { class: "warning" }, text));
}

/* ---- the figures ---- */

function verdictLine(findings) {
	const counts = Object.keys(levels).map((level) => [level, findings.filter((f) => f.level === level).length]);
	const problems = counts.filter(([level, n]) => n && level !== "note");

	if (problems.length === 0)
		return element("p", { class: "verdict fine" }, element("span", { "aria-hidden": "true" }, "\u2714 "),
			"No problems found.");
	return element("p", { class: `verdict ${problems[0][0]}` },
		element("span", { "aria-hidden": "true" }, levels[problems[0][0]].sign + " "),
		problems.map(([level, n]) => n === 1 ? `1 ${level}` : `${countText(n)} ${levels[level].plural}`).join(", "));
}

function tile(id, name, value, ...remarks) {
	return element("div", { class: "tile", id }, element("dt", {}, name), element("dd", {}, value),
		remarks.filter(Boolean).map((remark) => element("dd", { class: "remark" }, remark)));
}

/* The most that was live: at the ends of epochs, if nothing better is known. */
function peakOf(report) {
	const end = { bytes: report.totals.live_bytes, time: null };

	return [report.peak, ...report.cohorts.epochs.map((e) => ({ bytes: e.heap_used, time: e.time }))]
		.reduce((highest, p) => p && p.bytes > highest.bytes ? p : highest, end);
}

function peakTile(report) {
	const peak = peakOf(report);

	return tile("peak", "Peak", size(peak.bytes), peak.time === null ? "now" : `after ${durationText(peak.time)}`);
}

const residentParts = [
	["live", "live", "c3"], ["allocator", "allocator", "c2"], ["mapped", "mapped", "c4"], ["files", "files", "c1"],
	["profiler", "gcprof", "c5"], ["other", "other", "c7"],
];

/* What rss consists of, if the snapshot tells. */
function residentTile({ rss, resident }) {
	const parts = resident ? residentParts.filter(([key]) => resident[key] > 0) : [];
	const hued = (name, hue, property) => {
		const e = element("span", { class: name });

		e.style.setProperty(property, `var(--${hue})`);
		return e;
	};

	return tile("rss", "Resident (rss)", size(rss),
		parts.length ? element("span", { class: "bar", "aria-hidden": "true" }, parts.map(([key, , hue]) => {
			const piece = hued("", hue, "background");

			piece.style.width = `${100 * resident[key] / rss}%`;
			return piece;
		})) : null,
		parts.length ? element("span", { class: "split" }, parts.map(([key, name, hue]) =>
			element("span", {}, hued("key", hue, "--key"), `${name} `, size(resident[key])))) : null);
}

function tiles(report) {
	const { memory, cohorts, totals, leaks, growing } = report;
	const lost = leaks.definite.bytes + leaks.indirect.bytes;

	return element("dl", { class: "tiles" },
		tile("live", "Live", size(totals.live_bytes), `${countOf(totals.live_blocks, "block")}, ${shareText(cohorts.old.bytes, totals.live_bytes)} old`),
		peakTile(report),
		tile("lost", "Lost", leaks.computed ? size(lost) : "unknown", leaks.computed ? [
			countOf(leaks.definite.blocks + leaks.indirect.blocks, "block"),
			leaks.possible.bytes ? `, possibly ${sizeText(leaks.possible.bytes)} more` : ""] : null),
		tile("growing", "Growing", size(growing.bytes), growing.findings ? `without limit: ${countOf(growing.findings, "finding")}` : "nothing without limit"),
		residentTile(memory));
}

/* What is asked for less often. */
function figures({ memory, cohorts, totals }) {
	const figure = (id, name, bytes, more) => element("span", { id }, `${name} `, size(bytes), more);

	return element("p", { class: "figures" }, figure("old", "Old", cohorts.old.bytes, " of the live bytes \u00b7 "),
		figure("external", "external memory", memory.external, ", mapped by the program \u00b7 "),
		figure("allocated", "allocated so far", totals.allocated_bytes, ` in ${countOf(totals.allocations, "allocation")}`));
}

part({
	id: "summary",
	title: "Summary",
	draw(report, place) {
		place.append(verdictLine(numbered(report)), ...doubts(report), tiles(report), figures(report));
	},
});

/* ---- leak suspects ---- */

/* What the allocator retains is of no site. */
function hasSite(finding) {
	return finding.kind !== "fragmentation" || finding.verdict !== "retained";
}

function rootOf(finding) {
	return finding.retained_by.find((step) => step.root !== undefined && step.name);
}

/* What holds it and, of a wrong free, where it was allocated, unless its sentence says so. */
function origin(finding) {
	const root = rootOf(finding);

	return [
		finding.allocation_site ? [" Allocated at ", whereLine(finding.allocation_site.frames, 2), "."] : null,
		root && !finding.summary.includes(root.name) ? element("span", { class: "holder" }, " Held by ",
			element("span", { class: "name" }, shortened(root.name, 200)), `, ${rootWords[root.root] ?? root.root}.`) : null,
	];
}

/* Figures as a curve of a line's height: what is live, by when it was allocated. */
function sparkline(course, title) {
	const width = 120, height = 34, svg = (name, attributes) => {
		const e = document.createElementNS("http://www.w3.org/2000/svg", name);

		Object.entries(attributes).forEach(([key, value]) => e.setAttribute(key, value));
		return e;
	};
	let sum = 0;
	const sums = [0, ...course.map((bytes) => { sum += bytes; return sum; })];
	const points = sums.map((y, i) => `${(width * i / (sums.length - 1)).toFixed(1)},${(height - 2 - (sum ? (height - 4) * y / sum : 0)).toFixed(1)}`);
	const picture = svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, preserveAspectRatio: "none" });
	const words = svg("title", {});

	words.textContent = title;
	picture.append(words, svg("polygon", { points: `0,${height} ${points.join(" ")} ${width},${height}` }),
		svg("polyline", { points: points.join(" ") }));
	return picture;
}

/* Half of what is live came by when? */
function courseTitle(report, finding, course) {
	const sum = course.reduce((a, b) => a + b, 0);
	let half = 0;
	const middle = course.findIndex((bytes) => (half += bytes) >= sum / 2);
	const row = report.demographics.rows[middle];

	return `${finding.what}: live memory of its sites by birth epoch, ${sizeText(sum)} in all` +
		(row ? `, half of it allocated by epoch ${countText(row.last_epoch)} of ${countText(report.process.epoch)}` : "");
}

function suspect(report, [index, course], numbers) {
	const finding = report.findings[index];
	const hasCourse = course.length > 1 && course.some((bytes) => bytes > 0) && hasSite(finding);

	return element("li", { class: `suspect ${finding.level}` },
		element("p", { class: "what" },
			element("a", { href: `#finding-${numbers.get(finding)}` }, levelTag(finding), " ", element("strong", {}, finding.what)),
			hasSite(finding) ? whereLine(finding.site.frames, 3) : null),
		element("p", { class: "sentence", title: shortened([finding.summary, finding.advice].filter(Boolean).join(" "), 2000) },
			element("span", { class: "name" }, shortened(finding.summary, 400)), origin(finding),
			finding.advice ? element("span", { class: "advice" }, ` ${finding.advice}`) : null),
		bornLine(report, finding),
		element("p", { class: "share" }, size(finding.gives_back_bytes),
			element("span", { class: "remark" }, finding.gives_back_bytes > report.totals.live_bytes ?
				`${shareText(finding.gives_back_bytes, peakOf(report).bytes)} of the peak` :
				shareText(finding.gives_back_bytes, report.totals.live_bytes))),
		hasCourse ? sparkline(course, courseTitle(report, finding, course)) : null);
}

part({
	id: "suspects",
	title: "Leak suspects",
	has: (report) => report.suspects.length > 0,
	draw(report, place) {
		const all = numbered(report), numbers = new Map(all.map((f, i) => [f, i + 1]));
		const left = all.length - report.suspects.length;

		place.append(
			element("ol", { class: "suspects" }, report.suspects.map((s) => suspect(report, s, numbers))),
			element("p", { class: "remark" }, "Curve: the live memory of its sites by birth epoch, summed up. ",
				left > 0 ? element("a", { href: "#findings" }, `${countOf(left, "more finding")} below.`) : null));
	},
});

/* ---- retaining paths ---- */

const rootWords = {
	globals: "global or static variable",
	stacks: "stack of a thread",
	registers: "register of a thread",
	tls: "thread-local variable",
	keys: "thread-specific data",
	mappings: "memory that the program mapped",
	"alt-stacks": "signal stack",
	registered: "root that the program registered",
};

function pathStep(step) {
	if (step.left_out !== undefined)
		return element("li", { class: "gap" }, `\u2026 ${countOf(step.left_out, "step")} left out`);
	if (step.root !== undefined)
		return element("li", { class: "root" }, element("span", { class: "kind" }, rootWords[step.root] ?? step.root), " ",
			element("strong", { class: "name" }, step.name ?? "0x" + step.address.toString(16)));
	return element("li", {},
		element("span", { class: "kind" }, step.count > 1 ? `a chain of ${countText(step.count)} blocks allocated in` : "block allocated in"), " ",
		element("strong", { class: "name", title: step.function }, step.function === null ? stackLine(step.site.frames, 1) : shortName(step.function)),
		step.name ? [" ", element("span", { class: "name" }, step.name)] : null,
		step.offset ? `, pointer at offset ${countText(step.offset)}` : null,
		step.retained_bytes ? [", retains ", size(step.retained_bytes)] : null);
}

/* From the root to what it holds. */
function retainingPath(steps) {
	return element("ol", { class: "path" }, steps.map(pathStep));
}

/* ---- one finding ---- */

/* As text_p_value() has it. */
function pText(p) {
	return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.01 ? 3 : 2)}`;
}

function trendLine(finding) {
	const { trend } = finding;
	const amount = (v) => trend.of === "bytes" ? sizeText(v) : Number(v.toPrecision(3)) + " blocks";

	return !trend ? null : element("p", {}, `Over ${trend.snapshots} snapshots: ${amount(trend.slope_per_hour)} an hour ` +
		`(95 % interval ${amount(trend.low)} to ${amount(trend.high)}, ${pText(trend.p)}).`);
}

/* What is counted with it. */
function partsOf(finding, report) {
	return report.findings.filter((f) => f.part_of === finding.fingerprint).map((f) =>
		element("li", {}, size(f.bytes), ` in ${countOf(f.blocks, "block")}, allocated at `,
			element("span", { class: "name" }, stackLine(f.site.frames, 2))));
}

function findingBody(finding, report) {
	const parts = partsOf(finding, report);
	const piece = (title, ...content) => [element("h4", {}, title), ...content];
	const holds = finding.retained_by ?? [];
	const isLeak = finding.kind === "leak";

	return [
		holds.length ? piece(`Held by (retaining path)`, retainingPath(holds)) : null,
		finding.evidence.length || finding.trend ? piece("Evidence",
			element("ul", {}, finding.evidence.map((line) => element("li", { class: "name" }, line))), trendLine(finding)) : null,
		parts.length ? piece("Counted with it", element("ul", { class: "parts" }, parts)) : null,
		finding.blocks ? blocksButton(finding.what, { finding: report.findings.indexOf(finding) }) : null,
		hasSite(finding) ? piece(finding.allocation_site ? "Where it was found" : "Allocated at", stackList(finding.site.frames)) : null,
		finding.allocation_site ? piece("Allocated at", stackList(finding.allocation_site.frames)) : null,
		isLeak && finding.content ? piece("What stands in one block", element("pre", { class: "name" }, finding.content.text)) : null,
		element("p", { class: "faint" }, `Confidence ${Math.round(100 * finding.confidence)} %, fingerprint ${finding.fingerprint}` +
			(finding.known ? ", known from the baseline" : "") + "."),
	];
}

function findingCard(finding, number, isOpen, report) {
	const { bytes, blocks, retained_bytes: retained } = finding;

	return element("article", { class: `finding ${finding.level}`, id: `finding-${number}`,
		"aria-labelledby": `finding-${number}-title`, tabindex: -1 },
		element("h3", { id: `finding-${number}-title` }, levelTag(finding), " ", finding.what),
		element("p", { class: "sentence name" }, finding.summary),
		finding.advice ? element("p", { class: "advice" }, element("strong", {}, "What to do: "), finding.advice) : null,
		hasSite(finding) ? element("p", { class: "origin" }, whereLine(finding.site.frames, 3), origin(finding)) : null,
		element("p", { class: "figures" }, size(bytes), ` in ${countOf(blocks, "block")}`,
			retained > bytes ? [", retains ", size(retained)] : null),
		bornLine(report, finding),
		element("details", { open: isOpen }, element("summary", {}, "Holder, evidence and stack"), findingBody(finding, report)));
}

/* Finding's numbers that a button stands for, with what shows more of them. */
const laterFindings = [];

/* Until the finding with that number is there. */
function showFinding(number) {
	for (const { first, end, next } of laterFindings)
		while (number >= first && number < end && !document.getElementById(`finding-${number}`))
			next();
}

/* A page at a time: there may be thousands. */
function moreFindings(findings, firstNumber, place, report) {
	const most = 50;
	let shown = 0;
	const more = button("", () => next());
	const next = () => {
		more.before(...findings.slice(shown, shown + most).map((f, i) =>
			findingCard(f, firstNumber + shown + i, firstNumber + shown + i === 1, report)));
		shown += most;
		more.hidden = shown >= findings.length;
		more.textContent = `Show more (${countText(Math.max(0, findings.length - shown))} left)`;
	};

	place.append(more);
	next();
	laterFindings.push({ first: firstNumber, end: firstNumber + findings.length, next });
}

function findFindings(all, test) {
	const hits = all.map((finding, i) => [finding, i + 1]).filter(([f]) => test(f.summary) || test(f.what) ||
		f.site.frames.some((frame) => test(frameName(frame)) || (frame.file !== null && test(frame.file))));

	return { n: hits.length, found: hits.slice(0, MOST_FOUND).map(([f, number]) => ({
		label: `${f.what}: ${f.summary}`, go: () => goTo(`finding-${number}`) })) };
}

part({
	id: "findings",
	title: "Findings",
	draw(report, place) {
		const all = numbered(report), small = all.filter((f) => f.small);
		const problems = all.filter((f) => isProblem(f) && !f.small);
		const notes = all.filter((f) => !isProblem(f) && !f.small);

		searchers.set("Findings", (test) => findFindings(all, test));
		if (report.findings.length === 0)
			place.append(element("p", {}, "None."));
		moreFindings(problems, 1, place, report);
		if (notes.length) {
			const details = element("details", { class: "notes", open: problems.length === 0 && notes.length < 4 },
				element("summary", {}, countOf(notes.length, "note") + ": looked at, and not called a problem"));

			moreFindings(notes, problems.length + 1, details, report);
			place.append(details);
		}
		if (small.length) {
			const details = element("details", { class: "notes small" }, element("summary", {},
				`and ${countText(small.length)} small ${small.length === 1 ? "one" : "ones"}: below 16 KiB and 0.1 % of the heap`));

			moreFindings(small, problems.length + notes.length + 1, details, report);
			place.append(details);
		}
	},
});
