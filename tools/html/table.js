/* table.js -- tables with sorting, pages, and rows that open.
 *
 * In:   rows, and what their columns show.
 * Out:  an element; at most a page of rows is in the document, however many there
 *       are.
 * Not here: what the rows are.
 *
 * SPDX-License-Identifier: MIT
 */

const PAGE_ROWS = 50;

let nextId = 0;

class Table {
	/* caption   what the table shows
	 * columns   {title, value(row): number or string, cell(row): node or string,
	 *           isNumber, hint}; the first names the row
	 * rows      of any kind
	 * sorted    {column, isFalling}; none: as the rows come
	 * open(row) what an opened row shows; none: rows do not open */
	constructor({ caption, columns, rows, sorted = null, open = null }) {
		this.columns = columns;
		this.all = rows;
		this.rows = rows;
		this.sorted = sorted;
		this.open = open;
		this.page = 0;
		this.body = element("tbody");
		this.status = element("p", { class: "status", role: "status" });
		this.heads = columns.map((column, i) => this.head(column, i));
		this.pager = this.makePager();
		this.element = element("div", { class: "table" },
			element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
				element("table", {}, element("caption", {}, caption),
					element("thead", {}, element("tr", {}, this.heads)), this.body)),
			element("div", { class: "below" }, this.status, this.pager));
		this.sortRows();
		this.draw();
	}

	head(column, i) {
		return element("th", { scope: "col", class: column.isNumber ? "number" : null, title: column.hint },
			button(column.title, () => this.sortBy(i)));
	}

	makePager() {
		const turn = (label, to) => button(label, () => { this.page = to(); this.draw(); });

		this.turns = [
			turn("First", () => 0),
			turn("Previous", () => this.page - 1),
			turn("Next", () => this.page + 1),
			turn("Last", () => this.nPages() - 1),
		];
		return element("div", { class: "pager", role: "group", "aria-label": "Pages of the table" }, this.turns);
	}

	nPages() {
		return Math.max(1, Math.ceil(this.rows.length / PAGE_ROWS));
	}

	/* Figures begin with the largest, names with A. */
	sortBy(i) {
		const isSame = this.sorted && this.sorted.column === i;

		this.sorted = { column: i, isFalling: isSame ? !this.sorted.isFalling : Boolean(this.columns[i].isNumber) };
		this.page = 0;
		this.sortRows();
		this.draw();
	}

	/* The original order decides between equal ones. */
	sortRows() {
		if (!this.sorted)
			return;
		const { column, isFalling } = this.sorted;
		const keyed = this.rows.map((row) => ({ row, key: this.columns[column].value(row) }));
		const sign = isFalling ? -1 : 1;

		keyed.sort((a, b) => a.key < b.key ? -sign : a.key > b.key ? sign : 0);
		this.rows = keyed.map((x) => x.row);
	}

	filter(test) {
		this.rows = this.all.filter(test);
		this.page = 0;
		this.sortRows();
		this.draw();
	}

	/* Turn to a row, open it and go there. */
	show(row) {
		if (!this.rows.includes(row))
			this.filter(() => true);
		this.page = Math.floor(this.rows.indexOf(row) / PAGE_ROWS);
		this.draw();
		const tr = this.body.children[this.rows.indexOf(row) % PAGE_ROWS];
		const opener = tr.querySelector(".opener");

		if (opener)
			opener.click();
		tr.scrollIntoView({ block: "center" });
		(opener ?? tr).focus();
	}

	draw() {
		const first = this.page * PAGE_ROWS;
		const shown = this.rows.slice(first, first + PAGE_ROWS);
		const n = this.rows.length;

		this.heads.forEach((head, i) => {
			if (this.sorted && this.sorted.column === i)
				head.setAttribute("aria-sort", this.sorted.isFalling ? "descending" : "ascending");
			else
				head.removeAttribute("aria-sort");
		});
		this.body.replaceChildren(...shown.map((row) => this.row(row)));
		this.status.textContent = n === 0 ? "No rows." :
			`Row ${countText(first + 1)} to ${countText(first + shown.length)} of ${countText(n)}` +
			(n < this.all.length ? `, out of ${countText(this.all.length)}.` : ".");
		this.pager.hidden = n <= PAGE_ROWS;
		this.turns[0].disabled = this.turns[1].disabled = this.page === 0;
		this.turns[2].disabled = this.turns[3].disabled = this.page + 1 >= this.nPages();
	}

	row(row) {
		const tr = element("tr");

		this.columns.forEach((column, i) => {
			const cell = column.cell ? column.cell(row) : countText(column.value(row));
			const attributes = { class: column.isNumber ? "number" : null };

			if (i > 0)
				tr.append(element("td", attributes, cell));
			else
				tr.append(element("th", { scope: "row", ...attributes }, this.open ? this.opener(row, tr, cell) : cell));
		});
		return tr;
	}

	opener(row, tr, cell) {
		const id = `more-${nextId++}`;
		const opener = button(cell, () => {
			const isOpen = opener.getAttribute("aria-expanded") === "true";

			opener.setAttribute("aria-expanded", String(!isOpen));
			if (isOpen)
				tr.nextSibling.remove();
			else
				tr.after(element("tr", { class: "more", id },
					element("td", { colspan: this.columns.length }, this.open(row))));
		}, { class: "opener", "aria-expanded": "false", "aria-controls": id });

		return opener;
	}
}
