/* view.mjs -- the page of gcprof view in a browser: does it show what it asks for?
 *
 *     node view.mjs CHROMIUM DIRECTORY ADDRESS PID SCREENSHOTS AXE TEST
 *
 * In:   DIRECTORY with demo.html and demo.json, and blocks.json, heapdump's records of the same
 *       snapshot; the address of the server, its process; axe-core's script.
 * Out:  a TAP line for each point, without numbers; PNG files in SCREENSHOTS.
 *
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from "node:fs";
import { Browser } from "./browser.mjs";
import { audited, point, same } from "./points.mjs";

const [program, directory, address, pid, screenshots, axeFile, wanted] = process.argv.slice(2);
const axe = readFileSync(axeFile, "utf8");
const report = JSON.parse(readFileSync(`${directory}/demo.json`, "utf8"));
const blocks = JSON.parse(readFileSync(`${directory}/blocks.json`, "utf8"));
const browser = new Browser(program, `${directory}/profile-${wanted}`);

const ready = "document.documentElement.dataset.ready === 'yes'";
const texts = (selector) => `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`;
const addresses = texts("#dialog tbody th code");
const title = `document.getElementById("dialog-title").textContent`;

async function opened(url, how) {
	const page = await browser.page(how);

	await page.open(url);
	await page.until(`${ready} || !document.querySelector('#trouble')?.hidden`);
	return page;
}

async function close(page) {
	await page.press("Escape");
	await page.until("!document.querySelector('#dialog').open");
}

/* ---- what is opened ---- */

const order = {
	largest: (a, b) => b.bytes - a.bytes,
	oldest: (a, b) => a.epoch - b.epoch,
	address: () => 0,
};

function expected(site, by) {
	return blocks.filter((b) => b.site === site).sort((a, b) => order[by](a, b) || Number(a.address) - Number(b.address)).slice(0, 50).map((b) => b.address);
}

/* The site with most live bytes is the first of the table. */
const top = report.sites.reduce((a, b) => b.live_bytes > a.live_bytes ? b : a);

async function list(page) {
	await page.click("#sites tbody .opener");
	await page.ask(`document.querySelector("#sites .blocks-button").focus()`);
	await page.press("Enter");
	await page.until(`${addresses}.length > 0`);
	same("a site's button lists its blocks, the largest first", await page.ask(addresses), expected(top.site, "largest"));
	same("the list says how many there are", await page.ask(`document.querySelector("#dialog .status").textContent.split(" ")[0]`), top.live_blocks.toLocaleString("en-US"));
	same("the dialog has the site's number, and the focus", await page.ask(`[${title}, document.activeElement.id]`), [`Site S${top.site}`, "dialog-title"]);
	await page.screenshot(`${screenshots}/view-blocks.png`, false);
	for (const by of ["oldest", "address"]) {
		await page.ask(`(() => { const e = document.getElementById("block-order"); e.value = "${by}"; e.dispatchEvent(new Event("change")); })()`);
		await page.until(`${addresses}.length > 0`);
		same(`in another order: ${by}`, await page.ask(addresses), expected(top.site, by));
	}
}

async function path(page) {
	const [first] = await page.ask(addresses);

	await page.ask(`document.querySelector("#dialog .opener").focus()`);
	await page.press("Enter");
	await page.until(`document.querySelector("#dialog .path")`);
	point("a block opens with its path from a variable", await page.ask(`document.querySelector("#dialog .path .root").textContent.includes("sessions")`),
		await page.ask(texts("#dialog .path li")));
	point("with its stack and its state", await page.ask(`document.querySelector("#dialog .block .stack").textContent.includes("remember_user") &&
		document.querySelector("#dialog .block").textContent.includes("still reachable")`), await page.ask(texts("#dialog .block")));
	await audited("blocks", page, axe);
	return first;
}

async function source(page, first) {
	const { file, line } = top.frames.find((f) => f.function === "remember_user");
	const text = readFileSync(`${directory}/src/demo.c`, "utf8").split("\n")[line - 1];

	await page.click("#dialog .block .source-link");
	await page.until(`document.querySelector("#dialog .source")`);
	same("a frame's line opens its source, with that line marked", await page.ask(`(() => {
		const e = document.querySelectorAll("#dialog .source [aria-current]");
		return [e.length, e[0].value, e[0].querySelector("code").textContent]; })()`), [1, line, text]);
	same("the line is in sight", await page.ask(`(() => {
		const at = document.querySelector("#dialog .source [aria-current]").getBoundingClientRect(), d = document.querySelector("#dialog").getBoundingClientRect();
		return at.top > d.top && at.bottom < d.bottom; })()`), true);
	const shown = await page.ask(`(() => { const all = document.querySelectorAll("#dialog .source li"); return [all[0].value, all[all.length - 1].value]; })()`);
	const sums = new Map();

	for (const s of report.sites)
		for (const at of new Set(s.frames.filter((f) => f.file === file && f.line).map((f) => f.line)))
			sums.set(at, (sums.get(at) ?? 0) + s.live_bytes);
	same("lines have the live bytes of the stacks that go through them", await page.ask(`[...document.querySelectorAll("#dialog .source li")].filter((e) => e.querySelector("data"))
		.map((e) => [e.value, Number(e.querySelector("data").value)])`), [...sums].filter(([at, bytes]) => bytes && at >= shown[0] && at <= shown[1]).sort((a, b) => a[0] - b[0]));
	await page.screenshot(`${screenshots}/view-source.png`, false);
	await audited("source", page, axe);
	await page.click("#dialog-back");
	same("Back goes to the list, as it was left", await page.ask(`[${title}, ${addresses}[0], document.querySelectorAll("#dialog .path").length]`),
		[`Site S${top.site}`, first, 1]);
	await page.press("j");
	same("keys of the page behind do nothing in a dialog", await page.ask(`document.activeElement.closest("dialog") !== null`), true);
	await close(page);
	same("Escape closes it, and the focus is where it was", await page.ask(`document.activeElement.className`), "blocks-button");
}

async function others(page) {
	await page.click("#types tbody .opener");
	await page.click("#types .blocks-button");
	await page.until(`${addresses}.length > 0`);
	const type = report.types.reduce((a, b) => b.live_bytes > a.live_bytes ? b : a);

	same("a type's button lists as many blocks as it has", await page.ask(`document.querySelector("#dialog .status").textContent.split(" ")[0]`),
		type.live_blocks.toLocaleString("en-US"));
	await page.click("#dialog-close");
	await page.click("#finding-1 .blocks-button");
	await page.until(`${addresses}.length > 0`);
	point("a finding's button lists blocks of its sites", await page.ask(`${addresses}.length === 50 && ${title} === ${JSON.stringify(report.findings[0].what)}`),
		await page.ask(title));
	await close(page);
	const some = blocks.find((b) => b.site === top.site);

	await page.type("#address", `0x${(Number(some.address) + 3).toString(16)}`);
	await page.press("Enter");
	await page.until(`document.querySelector("#blocks h3")`);
	point("the block around an address is shown", await page.ask(`document.querySelector("#blocks h3").textContent === "Block ${some.address}" &&
		document.querySelector("#blocks").textContent.includes("3 bytes inside of it") && document.querySelector("#blocks .path") !== null`), await page.ask(texts("#blocks")));
	await page.type("#address", "0x10");
	await page.click("#show-block");
	await page.until(`document.querySelector("#blocks .warning")`);
	same("of one in no block is said so", await page.ask(texts("#blocks .warning")), ["0x10 is in no live block"]);
	/* The browser notes on its console that there was no answer. */
	page.complaints = page.complaints.filter((text) => !text.includes("404"));
}

/* Of one block of each site the snapshot has the first bytes. */
async function contents(page) {
	const string = report.sites.find((s) => s.frames[1]?.function === "remember_user" || s.frames.some((f) => /strdup/.test(f.function ?? "")));

	await page.ask(`(() => { const e = document.getElementById("filter"); e.value = "strdup"; e.dispatchEvent(new Event("input")); })()`);
	await page.until(`document.querySelector("#sites .status").textContent.includes("out of")`);
	await page.click("#sites tbody .opener");
	await page.click("#sites .blocks-button");
	await page.until(`${addresses}.length > 0`);
	point("what stands in a block is there, if the snapshot has it", string && await page.ask(`${texts("#dialog thead th")}.includes("Contents")`), await page.ask(texts("#dialog thead th")));
	await close(page);
}

async function phone() {
	const page = await opened(address, { width: 390, height: 800, isDark: true });

	same("a narrow window needs no scrolling to the side", await page.ask("document.documentElement.scrollWidth <= 390"), true);
	await page.click("#sites tbody .opener");
	await page.click("#sites .blocks-button");
	await page.until(`${addresses}.length > 0`);
	await page.click("#dialog .opener");
	await page.until(`document.querySelector("#dialog .path")`);
	same("nor does the dialog", await page.ask(`(() => { const d = document.querySelector("#dialog"); return d.scrollWidth <= d.clientWidth && d.getBoundingClientRect().right <= 390; })()`), true);
	await page.screenshot(`${screenshots}/view-phone.png`, false);
	await audited("dark and narrow", page, axe);
	await page.click("#dialog .block .source-link");
	await page.until(`document.querySelector("#dialog .source")`);
	await page.screenshot(`${screenshots}/view-dark.png`, false);
	await audited("source, dark and narrow", page, axe);
	await page.close();
}

async function fromFile() {
	const page = await opened(`file://${directory}/demo.html`);

	await page.click("#sites tbody .opener");
	same("a page from a file has nothing of this, and asks nobody", await page.ask(
		`[document.querySelectorAll(".blocks-button, .source-link, #blocks, dialog, #types .opener").length, ${texts("#nav a")}.includes("Blocks")]`).then((seen) =>
		[seen, page.requests.length, page.complaints]), [[0, false], 1, []]);
	await page.close();
}

async function served() {
	const page = await opened(address);

	await audited("light", page, axe);
	await list(page);
	await source(page, await path(page));
	await others(page);
	await contents(page);
	same("all that was asked was asked of its own server", page.requests.filter((url) => !url.startsWith(address)), []);
	same("there is no complaint on the console", page.complaints, []);
	await page.open(address);
	await page.until(ready);
	await page.click("#sites tbody .opener");
	await page.click("#sites .blocks-button");
	await page.until(`${addresses}.length > 0`);
	point("a page that is loaded again goes on", true);
	await close(page);
	await phone();
	await fromFile();
	process.kill(Number(pid));
	await page.until("!document.querySelector('#trouble').hidden");
	point("when the server has ended, the page says so", await page.ask("document.querySelector('#trouble').textContent.startsWith('gcprof view has ended')"),
		await page.ask("document.querySelector('#trouble').textContent"));
	await page.click("#sites .source-link");
	await page.until(`document.querySelector("#dialog .warning")`);
	point("and so does what is opened then", await page.ask(`document.querySelector("#dialog .warning").textContent.startsWith("gcprof view does not answer")`), null);
	await page.close();
}

/* The window is closed once what the page has asked first, and waits for, has come to the server:
 * it has answered others behind that. */
async function closed() {
	const page = await opened(address);

	for (let i = 0; i < 20; i++)
		await page.ask(`fetch("blocks?site=0").then((answer) => answer.text())`);
	await page.close();
}

await { served, closed }[wanted]().catch((error) => point(`${wanted} goes through to its end`, false, String(error.stack ?? error)));
await browser.close();
