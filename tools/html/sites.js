/* sites.js -- all sites, to sort and to search.
 *
 * In:   the report's sites and its calling-context tree.
 * Out:  the part "Sites".
 *
 * SPDX-License-Identifier: MIT
 */

/* Letters of either case; what is typed is no pattern. */
function textTest(text) {
	const wanted = text.toLowerCase();

	return (name) => name.toLowerCase().includes(wanted);
}

/* Call f some moments after the last of many events. */
function afterTyping(f) {
	let timer = 0;

	return () => {
		clearTimeout(timer);
		timer = setTimeout(f, 150);
	};
}

/* ---- one site a row ---- */

function typeName(report, site) {
	return report.types?.[site.type]?.name ?? "unknown type";
}

function threadName(report, site) {
	const thread = report.threads[site.thread];

	return site.thread === -2 ? "several threads" : thread ? `${thread.name || "thread"} (${thread.tid})` : "unknown thread";
}

/* The columns of figures, for sites and for groups of them. */
function figureColumns(report) {
	const all = shownBytes(report);
	const bytes = (title, key, hint) => ({ title, hint, isNumber: true, value: (s) => s[key] ?? 0, cell: (s) => size(s[key] ?? 0) });
	const count = (title, key, hint) => ({ title, hint, isNumber: true, value: (s) => s[key] ?? 0,
		cell: (s) => s[key] === null ? "-" : countText(s[key] ?? 0) });

	return [
		bytes("Live", "live_bytes"),
		{ title: "Share", hint: "of all live bytes of the time that is shown", isNumber: true, value: (s) => s.live_bytes,
			cell: (s) => shareText(s.live_bytes, all) },
		count("Blocks", "live_blocks", "live blocks"),
		...report.interval ? [] : [
			report.site_columns.includes("retained_bytes") ?
				bytes("Retained", "retained_bytes", "what would be freed with these blocks; of a group the sum, in which blocks may be counted twice") : null,
			bytes("Allocated", "allocated_bytes", "bytes since the start"),
			{ title: "Survival", hint: "survival rate: live bytes as a share of all bytes allocated there", isNumber: true,
				value: (s) => s.allocated_bytes ? s.live_bytes / s.allocated_bytes : 0,
				cell: (s) => shareText(s.live_bytes, s.allocated_bytes) },
		],
	].filter(Boolean);
}

function siteColumns(report) {
	const stack = (s) => report.tree.stack(s.node);

	return [
		{ title: "Site", value: (s) => { const [own] = ownFrames(stack(s)); return `${plainName(frameName(own))} ${framePlace(own)}`; },
			cell: (s) => s.folded ? [element("span", { class: "remark" }, `${countOf(s.folded, "small site")} below `), whereLine(stack(s), 2)] :
				[whereLine(stack(s), 2), s.live_blocks ? element("span", { class: "type name" }, shortName(typeName(report, s))) : null] },
		...figureColumns(report),
		report.interval ? null : { title: "Oldest", hint: "age of the oldest block, in epochs", isNumber: true, value: (s) => s.oldest_age ?? 0,
			cell: (s) => s.oldest_age === null ? "-" : countText(s.oldest_age) },
	].filter(Boolean);
}

function openedSite(report, s) {
	return s.folded ? [
		element("p", {}, `${countOf(s.folded, "site")} below this stack, summed up: each has less of the memory and of the allocations than those that are listed. ` +
			"gcprof-analyze --full --top=0 lists them all, --focus=REGEX those with a function."),
		stackList(report.tree.stack(s.node)),
	] : [
		element("p", {}, `Site S${s.site}, ${s.kinds.join(", ") || "nothing live"}; `, size(s.old_bytes), " old, ", size(s.usable_bytes),
			` usable, allocated ${countText(s.allocations)} times; ${countOf(s.generation_count, "generation")} live; `,
			element("span", { class: "name" }, threadName(report, s)), "."),
		findingLinks(report.findings.filter((f) => f.number === s.site), report),
		s.live_blocks ? blocksButton(`Site S${s.site}`, { site: s.site }) : null,
		stackList(report.tree.stack(s.node)),
	];
}

/* How many sites have no row of their own. */
function foldedRemark(report, place) {
	const folded = sumOf(report.sites, (s) => s.folded);

	if (folded)
		place.append(element("p", { class: "remark", id: "folded" }, `${countText(folded)} of ${countText(report.totals.sites)} sites are too small for a row of their own: ` +
			`${shareText(sumOf(report.sites.filter((s) => s.folded), (s) => s.live_bytes), shownBytes(report))} of the live bytes, summed up by the caller that they have in common.`));
}

/* Where they are told of, if anywhere. */
function findingLinks(findings, report) {
	const all = numbered(report);
	const listed = findings.filter((f) => all.includes(f)).slice(0, MOST_FOUND);

	return listed.length ? element("p", {}, "Findings: ", listed.map((f, i) => [i ? ", " : "",
		element("a", { href: `#finding-${all.indexOf(f) + 1}` }, f.what)])) : null;
}

/* ---- groups ---- */

/* What a stack is grouped by. */
const stackGroupings = {
	function: (frames) => plainName(frameName(ownFrames(frames)[0])),
	module: (frames) => baseName(ownFrames(frames)[0].module ?? "(no module)"),
};

const groupings = {
	function: (report, s) => stackGroupings.function(report.tree.stack(s.node)),
	module: (report, s) => stackGroupings.module(report.tree.stack(s.node)),
	thread: threadName,
	type: (report, s) => s.live_blocks ? typeName(report, s) : "nothing live",
};

/* {name, sites} for each name that nameOf() gives a site. */
function groupedBy(sites, nameOf) {
	const groups = new Map();

	for (const site of sites) {
		const name = nameOf(site);

		if (!groups.has(name))
			groups.set(name, { name, sites: [] });
		groups.get(name).sites.push(site);
	}
	return [...groups.values()];
}

function sumOf(sites, value) {
	return sites.reduce((sum, s) => sum + value(s), 0);
}

function summedUp(group) {
	const sums = ["live_bytes", "live_blocks", "retained_bytes", "allocated_bytes"];

	return { ...group, ...Object.fromEntries(sums.map((key) => [key, sumOf(group.sites, (s) => s[key] ?? 0)])) };
}

/* A table of groups.
 *
 * columns      of figures
 * sorted       the column by which they are sorted
 * weight(s)    of its sites; those with most are listed
 * amount(s), stack(s)  how they are listed
 * showSite(s)  goes to one */
function groupTable(groups, { by, columns, sorted = 1, weight, amount, stack, showSite }) {
	const largest = (group) => [...group.sites].sort((a, b) => weight(b) - weight(a)).slice(0, 20);

	return new Table({
		caption: `Allocation sites by ${by}`,
		columns: [
			{ title: `${by[0].toUpperCase()}${by.slice(1)}`, value: (g) => g.name, cell: (g) => nameElement(g.name) },
			...columns,
			{ title: "Sites", isNumber: true, value: (g) => g.sites.length },
		],
		rows: groups,
		sorted: { column: sorted, isFalling: true },
		open: (g) => element("ul", {}, largest(g).map((s) => element("li", {}, amount(s), " ",
			button(whereLine(stack(s), 3), () => showSite(s), { class: "link" }))),
		g.sites.length > 20 ? element("li", {}, `and ${countText(g.sites.length - 20)} more`) : null),
	});
}

/* ---- the table ---- */

/* Sites, all or those for which a test holds, one by one or in groups. */
class SiteTable {
	/* place       where it goes
	 * sites       all of them
	 * table       of single sites, as class Table has it, but for its rows
	 * finder(test)  a test of sites: does the stack have a name for which test() holds?
	 * groupings   what they can be grouped by
	 * groups(sites, by, showSite)  the table of that */
	constructor(place, { sites, table, finder, groupings: names, groups }) {
		Object.assign(this, { sites, finder, groups });
		this.test = null;
		this.by = "";
		this.table = new Table({ ...table, rows: sites });
		this.input = element("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false",
			input: afterTyping(() => this.search(this.input.value)) });
		this.choice = element("select", { id: "group", change: () => { this.by = this.choice.value; this.draw(); } },
			element("option", { value: "" }, "none"), names.map((by) => element("option", { value: by }, by)));
		this.body = element("div", {}, this.table.element);
		place.append(element("p", { class: "search controls" },
			element("label", {}, "Only stacks with this function, file or module: ", this.input),
			element("label", {}, "Group by ", this.choice)), this.body);
	}

	search(text) {
		this.filter(text ? this.finder(textTest(text)) : null);
	}

	filter(test) {
		this.test = test;
		this.table.filter(test ?? (() => true));
		this.draw();
	}

	draw() {
		this.choice.value = this.by;
		this.body.replaceChildren(this.by ? this.groups(this.test ? this.sites.filter(this.test) : this.sites,
			this.by, (s) => this.show(s)).element : this.table.element);
	}

	/* Search and group as another one did. */
	resume(before) {
		if (!before)
			return;
		this.by = before.by;
		this.input.value = before.input.value;
		this.search(this.input.value);
	}

	/* One of them, in the list of all. */
	show(site) {
		this.by = "";
		this.input.value = "";
		this.filter(null);
		this.table.show(site);
	}

	/* Those for which it holds, in sight. */
	showThose(test) {
		this.by = "";
		this.input.value = "";
		this.filter(test);
		goTo("sites");
	}
}

/* Sites with frames of their own, as comparisons have them.
 *
 * table         of single sites
 * sumUp(group)  a group with its figures
 * columns, sorted, weight, amount  of groups, as groupTable() has them */
function stacksTable(place, sites, { table, sumUp, ...ofGroups }) {
	return new SiteTable(place, {
		sites,
		table,
		finder: (test) => (s) => isInStack(s.frames, test),
		groupings: Object.keys(stackGroupings),
		groups: (some, by, showSite) => groupTable(groupedBy(some, (s) => stackGroupings[by](s.frames)).map(sumUp),
			{ by, stack: (s) => s.frames, showSite, ...ofGroups }),
	});
}

let siteTable = null; /* once it is drawn */

function findSites(report, test) {
	const found = report.tree.matches(test);
	const hits = report.sites.filter((s) => found[s.node] || test(report.types?.[s.type]?.name ?? ""));

	return { n: hits.length, found: hits.sort((a, b) => b.live_bytes - a.live_bytes).slice(0, MOST_FOUND).map((s) => ({
		label: `${sizeText(s.live_bytes)} ${whereLine(report.tree.stack(s.node), 3).textContent}`, go: () => siteTable.show(s) })) };
}

part({
	id: "sites",
	title: "Sites",
	follows: true,
	draw(report, place) {
		const before = siteTable;

		siteTable = new SiteTable(place, {
			sites: report.interval ? report.sites.filter((s) => s.live_blocks) : report.sites,
			table: {
				caption: "Allocation sites: call stacks that allocate",
				columns: siteColumns(report),
				sorted: { column: 1, isFalling: true },
				open: (s) => openedSite(report, s),
			},
			finder(test) {
				const found = report.tree.matches(test);

				return (s) => found[s.node];
			},
			groupings: Object.keys(groupings),
			groups: (sites, by, showSite) => groupTable(groupedBy(sites, (s) => groupings[by](report, s)).map(summedUp), {
				by,
				columns: figureColumns(report),
				weight: (s) => s.live_bytes,
				amount: (s) => size(s.live_bytes),
				stack: (s) => report.tree.stack(s.node),
				showSite,
			}),
		});
		siteTable.resume(before);
		foldedRemark(report, place);
		searchers.set("Sites", (test) => findSites(report, test));
	},
});
