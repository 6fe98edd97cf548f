/* findings.js -- what is wrong first; then each finding with its holder and evidence.
 *
 * In:   the report.
 * Out:  the parts "Summary" and "Findings".
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

/* ---- in short ---- */

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

function tile(name, value, remark, id) {
	return element("div", { class: "tile" }, element("dt", {}, name),
		element("dd", { id }, value), remark ? element("dd", { class: "remark" }, remark) : null);
}

function tiles(report) {
	const { memory, cohorts, totals, leaks } = report;
	const lost = leaks.definite.bytes + leaks.indirect.bytes;

	return element("dl", { class: "tiles" },
		tile("Live", size(totals.live_bytes), countOf(totals.live_blocks, "block"), "live"),
		tile("Old", size(cohorts.old.bytes), shareText(cohorts.old.bytes, totals.live_bytes) + " of live", "old"),
		tile("Definitely lost", leaks.computed ? size(lost) : "unknown",
			leaks.computed ? countOf(leaks.definite.blocks + leaks.indirect.blocks, "block") : null, "lost"),
		tile("Resident", size(memory.rss), "rss", "rss"),
		tile("External", size(memory.external), "mapped by the program", "external"),
		tile("Allocated so far", size(totals.allocated_bytes), countText(totals.allocations) + " times", "allocated"));
}

/* Where the memory comes from and what holds it, if the sentence does not say so. */
function origin(finding) {
	const frames = finding.site.frames;
	const root = finding.retained_by.find((step) => step.root !== undefined && step.name);
	const name = (text) => element("span", { class: "name" }, text);

	return element("p", { class: "origin" },
		tellingNames(frames).slice(0, 2).some((x) => finding.summary.includes(x.replace(/\(.*/, ""))) ? null :
			[finding.allocation_site ? "In " : "Allocated at ", name(stackLine(frames, 4)), ". "],
		root && !finding.summary.includes(root.name) ? ["Retained by ", name(root.name), ", ", rootWords[root.root] ?? root.root, "."] : null);
}

/* The first problems in a sentence each. */
function headlines(problems) {
	const most = 3;

	return element("ol", { class: "headlines" },
		problems.slice(0, most).map((f, i) => element("li", {},
			element("a", { href: `#finding-${i + 1}` }, element("strong", {}, f.what)), ": ",
			element("span", { class: "name" }, shortened(f.summary, 400)),
			origin(f), f.advice ? element("span", { class: "advice" }, " " + f.advice) : null)),
		problems.length > most ? element("li", { class: "rest" }, element("a", { href: "#findings" },
			`and ${countText(problems.length - most)} more`)) : null);
}

part({
	id: "summary",
	title: "Summary",
	draw(report, place) {
		const problems = report.findings.filter(isProblem);

		place.append(verdictLine(report.findings), ...doubts(report));
		if (problems.length)
			place.append(headlines(problems));
		place.append(tiles(report));
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

function findingBody(finding) {
	const piece = (title, ...content) => [element("h4", {}, title), ...content];
	const holds = finding.retained_by ?? [];
	const isLeak = finding.kind === "leak";

	return [
		holds.length ? piece(`Held by (retaining path)`, retainingPath(holds)) : null,
		finding.evidence.length || finding.trend ? piece("Evidence",
			element("ul", {}, finding.evidence.map((line) => element("li", { class: "name" }, line))), trendLine(finding)) : null,
		piece(finding.allocation_site ? "Where it was found" : "Allocated at", stackList(finding.site.frames)),
		finding.allocation_site ? piece("Allocated at", stackList(finding.allocation_site.frames)) : null,
		isLeak && finding.content ? piece("What stands in one block", element("pre", { class: "name" }, finding.content.text)) : null,
		element("p", { class: "faint" }, `Confidence ${Math.round(100 * finding.confidence)} %, fingerprint ${finding.fingerprint}` +
			(finding.known ? ", known from the baseline" : "") + "."),
	];
}

function findingCard(finding, number, isOpen) {
	const { bytes, blocks, retained_bytes: retained } = finding;

	return element("article", { class: `finding ${finding.level}`, id: `finding-${number}`,
		"aria-labelledby": `finding-${number}-title`, tabindex: -1 },
		element("h3", { id: `finding-${number}-title` }, levelTag(finding), " ", finding.what),
		element("p", { class: "sentence name" }, finding.summary),
		finding.advice ? element("p", { class: "advice" }, element("strong", {}, "What to do: "), finding.advice) : null,
		origin(finding),
		element("p", { class: "figures" }, size(bytes), ` in ${countOf(blocks, "block")}`,
			retained > bytes ? [", retains ", size(retained)] : null),
		element("details", { open: isOpen }, element("summary", {}, "Holder, evidence and stack"), findingBody(finding)));
}

/* A page at a time: there may be thousands. */
function moreFindings(findings, firstNumber, place) {
	const most = 50;
	let shown = 0;
	const more = button("", () => next());
	const next = () => {
		more.before(...findings.slice(shown, shown + most).map((f, i) =>
			findingCard(f, firstNumber + shown + i, firstNumber + shown + i === 1)));
		shown += most;
		more.hidden = shown >= findings.length;
		more.textContent = `Show more (${countText(Math.max(0, findings.length - shown))} left)`;
	};

	place.append(more);
	next();
}

part({
	id: "findings",
	title: "Findings",
	draw(report, place) {
		const problems = report.findings.filter(isProblem);
		const notes = report.findings.filter((f) => !isProblem(f));

		if (report.findings.length === 0)
			place.append(element("p", {}, "None."));
		moreFindings(problems, 1, place);
		if (notes.length) {
			const details = element("details", { class: "notes", open: problems.length === 0 && notes.length < 4 },
				element("summary", {}, countOf(notes.length, "note") + ": looked at, and not called a problem"));

			moreFindings(notes, problems.length + 1, details);
			place.append(details);
		}
	},
});
