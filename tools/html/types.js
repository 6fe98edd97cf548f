/* types.js -- what the blocks are, as far as it can be told.
 *
 * In:   the report's types.
 * Out:  the part "Types".
 *
 * SPDX-License-Identifier: MIT
 */

const typeOrigins = {
	vtable: "virtual table",
	container: "C++ container",
	shape: "pointers in the blocks",
	site: "allocation site",
};

/* The first column of types, whatever they are of. */
const typeColumn = { title: "Type", value: (t) => t.name ?? "", cell: (t) => nameElement(t.name) };

part({
	id: "types",
	title: "Types",
	follows: true,
	has: (report) => Boolean(report.types && report.types.length),
	draw(report, place) {
		const bytes = (title, value, hint) => ({ title, hint, isNumber: true, value, cell: (t) => size(value(t)) });
		const origin = (t) => typeOrigins[t.origin] ?? t.origin;

		const table = new Table({
			caption: "Types of live blocks",
			columns: [
				typeColumn,
				bytes("Live", (t) => t.live_bytes),
				{ title: "Blocks", isNumber: true, value: (t) => t.live_blocks },
				report.interval || report.types[0].retained_bytes === undefined ? null :
					bytes("Retained", (t) => t.retained_bytes, "what would be freed with these blocks"),
				report.interval ? null : bytes("Largest", (t) => t.largest.bytes, "the largest block"),
				{ title: "Known by", value: origin, cell: origin },
			].filter(Boolean),
			rows: report.interval ? report.types.filter((t) => t.live_blocks) : report.types,
			sorted: { column: 1, isFalling: true },
			open: isServed ? (t) => blocksButton(shortName(t.name ?? "(unknown)"), { type: report.types.indexOf(t) }) : null,
		});

		place.append(table.element);
		searchers.set("Types", (test) => {
			const hits = report.types.filter((t) => test(t.name ?? ""));

			return { n: hits.length, found: hits.slice(0, MOST_FOUND).map((t) => ({ label: shortName(t.name ?? ""), go: () => table.show(t) })) };
		});
	},
});
