/* retained.js -- what holds the memory: the dominator tree, by type.
 *
 * In:   `retained`, as page_facts.h has it.
 * Out:  the part "What retains the memory".
 *
 * The tree may have thousands of groups: those below one are made when it is opened.
 *
 * SPDX-License-Identifier: MIT
 */

class RetainedTree {
	constructor(rows) {
		this.rows = rows.map(([parent, name, blocks, bytes, retainedBlocks, retainedBytes]) =>
			({ parent, name, own: { blocks, bytes }, retained: { blocks: retainedBlocks, bytes: retainedBytes }, children: [] }));
		this.whole = this.rows[0];
		this.rows.forEach((row, at) => at && this.rows[row.parent].children.push(row));
		for (const row of this.rows)
			row.children.sort((a, b) => b.retained.bytes - a.retained.bytes);
	}

	/* What the data have left out below a group, as it is small. */
	rest({ own, retained, children }) {
		const without = (key) => children.reduce((left, child) => left - child.retained[key], retained[key] - own[key]);

		return { blocks: without("blocks"), bytes: without("bytes") };
	}

	figures({ blocks, bytes }) {
		return [element("span", { class: "share" }, shareText(bytes, this.whole.retained.bytes)), " ",
			size(bytes), ` in ${countOf(blocks, "block")}`];
	}

	line(row) {
		return [nameElement(row.name), " ",
			element("span", { class: "figures" }, this.figures(row.retained))];
	}

	/* A group that has nothing below it is a line; another one can be opened. */
	item(row) {
		if (!row.children.length && row.own.blocks === row.retained.blocks)
			return element("li", {}, this.line(row));
		row.details = element("details", { toggle: () => row.details.open && this.fill(row) },
			element("summary", {}, this.line(row)));
		return element("li", {}, row.details);
	}

	fill(row) {
		if (row.list)
			return;
		row.list = this.list(row);
		row.details.append(row.list);
	}

	list(row) {
		const rest = this.rest(row);
		const remark = (words, counts) => counts.blocks > 0 && element("li", { class: "remark" }, `${words} `, this.figures(counts));

		return element("ul", {}, row === this.whole ? null : remark("itself", row.own),
			row.children.map((child) => this.item(child)), remark("what is smaller", rest));
	}

	open(row) {
		if (row !== this.whole)
			this.open(this.rows[row.parent]);
		if (row.details) {
			row.details.open = true;
			this.fill(row);
		}
	}

	show(row) {
		this.open(row);
		const at = row.details ? row.details.querySelector("summary") : null;

		goTo("retained");
		if (at)
			at.focus();
	}
}

part({
	id: "retained",
	title: "What retains the memory",
	has: (report) => report.retained.length > 1,
	draw(report, place) {
		const tree = new RetainedTree(report.retained);
		const list = tree.list(tree.whole);

		list.classList.add("retained");
		place.append(element("p", {}, "What would be free if a variable, or the blocks of a type below it, were gone. " +
			"Blocks of a type that stands above already are counted there."), list);
		/* The largest, and what is most of it, as far as there is a choice. */
		for (let row = tree.whole.children[0]; row && row.details; row = row.children[0]) {
			tree.open(row);
			if (!row.children.length || row.children[0].retained.bytes * 2 < tree.whole.retained.bytes)
				break;
		}
		searchers.set("What retains the memory", (test) => {
			const hits = tree.rows.filter((row) => row !== tree.whole && test(row.name))
				.sort((a, b) => b.retained.bytes - a.retained.bytes);

			return { n: hits.length, found: hits.slice(0, MOST_FOUND).map((row) => ({
				label: `${shortName(row.name)}: ${sizeText(row.retained.bytes)}`, go: () => tree.show(row) })) };
		});
	},
});
