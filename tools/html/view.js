/* view.js -- single blocks, their paths, and sources: what the page asks of gcprof view.
 *
 * In:   answers of the server that the page comes from (view/answers.h says which).
 * Out:  the part "Blocks"; buttons for other parts, and what they open in a dialog.
 *
 * A page from a file has no server: nothing of this is there then.
 *
 * SPDX-License-Identifier: MIT
 */

let isServed = false; /* before the first part is drawn */
let servedReport = null;

/* ---- the server ---- */

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

/* The address of the page ends in its token, so what is relative to it has that, too. */
async function ask(question, values) {
	const answer = await fetch(`${question}?${new URLSearchParams(values)}`).catch(() => {
		throw new Error("gcprof view does not answer: it has ended, or was ended.");
	});
	const said = await answer.json().catch(() => ({}));

	if (!answer.ok)
		throw new Error(said.error ?? `gcprof view cannot answer (${answer.status}).`);
	return said;
}

/* While this waits, the server knows that the page is open.  It answers at once if others are.  A
 * browser may lose patience, or its connections when the machine sleeps: then it asks again. */
async function keepAlive() {
	const most = 3, isLong = 5000;

	for (let misses = 0; misses < most; await pause(1000)) {
		const begin = performance.now();

		await fetch("alive").then(() => { misses = 0; },
			() => { misses = performance.now() - begin > isLong ? 1 : misses + 1; });
	}
	const trouble = document.getElementById("trouble");

	trouble.textContent = "gcprof view has ended: this page stays, but blocks, their paths and sources cannot be shown any more.";
	trouble.hidden = false;
}

function beginView(report) {
	isServed = report.is_served === true;
	servedReport = report;
	if (isServed)
		keepAlive();
}

/* ---- the dialog ---- */

/* What has been opened one from another, the last one in sight. */
const opened = [];
let dialog = null;

function makeDialog() {
	dialog = element("dialog", { id: "dialog", "aria-labelledby": "dialog-title", close: () => { opened.length = 0; } },
		element("div", { class: "dialog-head" }, element("h2", { id: "dialog-title", tabindex: -1 }),
			button("Back", () => { opened.pop(); drawDialog(); }, { id: "dialog-back" }),
			button("Close", () => dialog.close(), { id: "dialog-close" })),
		element("div", { id: "dialog-body" }));
	document.body.append(dialog);
}

function drawDialog() {
	const { title, body } = opened.at(-1);

	document.getElementById("dialog-title").textContent = title;
	document.getElementById("dialog-back").hidden = opened.length < 2;
	document.getElementById("dialog-body").replaceChildren(body);
	if (!dialog.open)
		dialog.showModal();
	document.getElementById("dialog-title").focus();
	showLine(body);
}

/* The line that was asked for, from its begin. */
function showLine(body) {
	const line = body.querySelector("[aria-current]");

	line?.scrollIntoView({ block: "center" });
	if (line)
		line.closest(".scroll").scrollLeft = 0;
}

/* Until there is an answer, and where there is none, words stand in its place. */
async function fill(place, question, values, show) {
	place.replaceChildren(element("p", { role: "status" }, "Asking\u2026"));
	try {
		place.replaceChildren(...[show(await ask(question, values))].flat(Infinity).filter(Boolean));
	} catch (error) {
		place.replaceChildren(element("p", { class: "warning", role: "alert" }, shortened(error.message, 2000)));
	}
}

async function openDialog(title, question, values, show) {
	const body = element("div", {});

	if (!dialog)
		makeDialog();
	opened.push({ title, body });
	drawDialog();
	await fill(body, question, values, show);
	showLine(body);
}

/* ---- sources ---- */

/* By line of a file: the live bytes of all sites whose stacks go through it. */
function bytesByLine(file) {
	const sums = new Map();

	for (const site of servedReport.sites) {
		const lines = new Set(servedReport.tree.stack(site.node).filter((f) => f.file === file && f.line).map((f) => f.line));

		for (const line of lines)
			sums.set(line, (sums.get(line) ?? 0) + site.live_bytes);
	}
	return sums;
}

function sourceText({ file, line, first, lines, is_newer: isNewer }) {
	const sums = bytesByLine(file);

	return [
		element("p", { class: "name faint" }, file),
		element("p", { class: "remark" }, "Before a line: the live bytes of all stacks that go through it."),
		isNewer ? element("p", { class: "warning" }, "The file was changed after the snapshot: its lines may be others.") : null,
		line >= first + lines.length ? element("p", { class: "warning" }, `The file has no line ${countText(line)}.`) : null,
		element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `${baseName(file)}, line ${line}` },
			element("ol", { class: "source", start: first }, lines.map((text, i) =>
				element("li", { value: first + i, "aria-current": first + i === line ? "true" : null },
					element("span", { class: "amount" }, sums.get(first + i) ? size(sums.get(first + i)) : null), element("code", {}, text || " "))))),
	];
}

/* Where a frame's line stands; a button if it can be shown. */
function placeElement(frame) {
	const text = framePlace(frame) + (frame.inlined ? ", inlined" : ""), title = frame.file === null ? frame.module : frame.file;

	if (!isServed || frame.file === null || !frame.line)
		return element("span", { class: "place", title }, text);
	return button(text, () => openDialog(framePlace(frame), "source", { file: frame.file, line: frame.line }, sourceText),
		{ class: "link place source-link", title });
}

/* ---- blocks ---- */

function pathOf(block) {
	if (block.path)
		return retainingPath(block.path);
	return element("p", {}, block.state === undefined ? "The snapshot has no pointers." : "No root leads to it.");
}

function bornText({ epoch, age, cohort }) {
	return epoch === null ? "born in an unknown epoch" :
		`born in epoch ${countText(epoch)}, ${countOf(age, "epoch")} ago; ${cohort}`;
}

/* head: the element of titles, one below that of what it stands in. */
function blockFacts(block, head) {
	return [
		block.inside ? element("p", {}, `The address is ${countOf(block.inside, "byte")} inside of it.`) : null,
		element("p", {}, `${countOf(block.bytes, "byte")} by ${block.kind}, ${countText(block.usable_bytes)} usable; site S${block.site}; ${bornText(block)}`,
			block.state === undefined ? null : `; ${block.state}`,
			block.retained_bytes ? ["; retains ", size(block.retained_bytes), ` in ${countOf(block.retained_blocks, "block")}, with itself`] : null, "."),
		block.type ? element("p", { class: "type name" }, block.type) : null,
		block.content ? [element(head, {}, "What stands in it"), element("pre", { class: "name content" }, block.content.text),
			element("pre", { class: "name content" }, block.content.hex.replace(/../g, "$& "))] : null,
		element(head, {}, "Held by (retaining path)"), pathOf(block),
		element(head, {}, "Allocated at"), stackList(block.frames),
	];
}

function openedBlock(block) {
	const place = element("div", { class: "block" });

	fill(place, "block", { address: block.address }, (answer) => blockFacts(answer, "h3"));
	return place;
}

function blockTable(rows) {
	const bytes = (title, key) => ({ title, isNumber: true, value: (b) => b[key], cell: (b) => size(b[key]) });

	return new Table({
		caption: "Blocks",
		columns: [
			{ title: "Address", value: (b) => Number(b.address), cell: (b) => element("code", {}, b.address) },
			bytes("Size", "bytes"), bytes("Usable", "usable_bytes"),
			{ title: "Age", hint: "in epochs", isNumber: true, value: (b) => b.age ?? -1, cell: (b) => b.age === null ? "-" : countText(b.age) },
			{ title: "Type", value: (b) => b.type ?? "", cell: (b) => nameElement(b.type) },
			!rows.some((b) => b.content) ? null : { title: "Contents", value: (b) => b.content?.text ?? "", cell: (b) => element("span", { class: "name" }, shortened(b.content?.text ?? "", 24)) },
		].filter(Boolean),
		rows,
		open: openedBlock,
	}).element;
}

const blockOrders = { largest: "largest first", oldest: "oldest first", youngest: "youngest first", address: "by address" };

function blockList(values) {
	const place = element("div", {});
	const choice = element("select", { id: "block-order", change: () => draw() },
		Object.entries(blockOrders).map(([value, words]) => element("option", { value }, words)));
	const show = (answer) => [
		element("p", { class: "status" }, countOf(answer.blocks, "block"), ", ", size(answer.bytes),
			answer.rows.length < answer.blocks ? `; the first ${countText(answer.rows.length)} are listed.` : "."),
		blockTable(answer.rows),
	];
	const draw = () => fill(place, "blocks", { ...values, order: choice.value }, show);

	draw();
	return element("div", {}, element("p", { class: "controls" }, element("label", {}, "Order ", choice)), place);
}

/* {site: N}, or {type: N} or {finding: N} by their places in the report. */
function blocksButton(title, values) {
	return !isServed ? null : element("p", {}, button("Blocks", () => {
		if (!dialog)
			makeDialog();
		opened.push({ title, body: blockList(values) });
		drawDialog();
	}, { class: "blocks-button", "aria-label": `Blocks: ${shortened(title, 200)}` }));
}

part({
	id: "blocks",
	title: "Blocks",
	has: () => isServed,
	draw(report, place) {
		const input = element("input", { type: "search", id: "address", autocomplete: "off", spellcheck: "false", placeholder: "0x7f0012340020" });
		const found = element("div", {});

		place.append(
			element("p", {}, "Sites, types and findings have a button that lists their blocks."),
			element("p", { class: "search controls" }, element("label", {}, "The block around this address: ", input),
				button("Show", () => fill(found, "block", { address: input.value.trim() }, (block) => [element("h3", {}, `Block ${block.address}`), blockFacts(block, "h4")]),
					{ id: "show-block" })),
			found);
		input.addEventListener("keydown", (event) => {
			if (event.key === "Enter")
				document.getElementById("show-block").click();
		});
	},
});
