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

function siteColumns(report) {
	const bytes = (title, key, hint) => ({ title, hint, isNumber: true, value: (s) => s[key] ?? 0, cell: (s) => size(s[key] ?? 0) });
	const count = (title, key, hint) => ({ title, hint, isNumber: true, value: (s) => s[key] ?? 0,
		cell: (s) => s[key] === null ? "-" : countText(s[key] ?? 0) });
	const line = (s) => stackLine(report.tree.stack(s.node), 3);

	return [
		{ title: "Site", value: line, cell: (s) => element("span", { class: "name", title: `S${s.site}` }, line(s)) },
		bytes("Live", "live_bytes"),
		{ title: "Share", hint: "of all live bytes", isNumber: true, value: (s) => s.live_bytes,
			cell: (s) => shareText(s.live_bytes, report.totals.live_bytes) },
		bytes("Old", "old_bytes", "live bytes that are old"),
		count("Blocks", "live_blocks", "live blocks"),
		report.site_columns.includes("retained_bytes") ?
			bytes("Retained", "retained_bytes", "what would be freed with these blocks") : null,
		count("Allocations", "allocations", "since the start"),
		bytes("Allocated", "allocated_bytes", "bytes since the start"),
		{ title: "Survival rate", hint: "live bytes as a share of all bytes allocated there", isNumber: true,
			value: (s) => s.allocated_bytes ? s.live_bytes / s.allocated_bytes : 0,
			cell: (s) => shareText(s.live_bytes, s.allocated_bytes) },
		count("Generations", "generation_count", "number of birth epochs of the live blocks"),
		count("Oldest", "oldest_age", "age of the oldest block, in epochs"),
	].filter(Boolean);
}

part({
	id: "sites",
	title: "Sites",
	draw(report, place) {
		const table = new Table({
			caption: "Allocation sites: call stacks that allocate",
			columns: siteColumns(report),
			rows: report.sites,
			sorted: { column: 1, isFalling: true },
			open: (s) => [
				element("p", {}, `Site S${s.site}, ${s.kinds.join(", ") || "nothing live"}; `, size(s.usable_bytes), " usable"),
				stackList(report.tree.stack(s.node)),
			],
		});
		const input = element("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false",
			input: afterTyping(() => {
				const found = input.value ? report.tree.matches(textTest(input.value)) : null;

				table.filter((s) => !found || found[s.node]);
			}) });

		place.append(element("p", { class: "search" },
			element("label", { for: "filter" }, "Only stacks with this function, file or module: "), input),
		table.element);
	},
});
