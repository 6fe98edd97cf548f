/* page.mjs -- the HTML report in a browser: does it do what it says?
 *
 *     node page.mjs CHROMIUM DIRECTORY SCREENSHOTS AXE [TEST ...]
 *
 * In:   DIRECTORY with NAME.html and NAME.json of the same snapshots, made by
 *       html.sh; axe-core's script.
 * Out:  a TAP line for each point, without numbers; PNG files in SCREENSHOTS.
 *
 * SPDX-License-Identifier: MIT
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Browser } from "./browser.mjs";
import { audited, point, same } from "./points.mjs";

const [program, directory, screenshots, axeFile, ...only] = process.argv.slice(2);
const axe = readFileSync(axeFile, "utf8");
const browser = new Browser(program, `${directory}/profile`);
const audit = (name, page) => audited(name, page, axe);

const json = (name) => JSON.parse(readFileSync(`${directory}/${name}.json`, "utf8"));

async function opened(name, how) {
	const page = await browser.page(how);

	await page.open(`file://${directory}/${encodeURIComponent(name)}.html`);
	await page.until("document.documentElement.dataset.ready === 'yes' || !document.querySelector('#trouble')?.hidden");
	if (await page.ask("document.documentElement.dataset.ready !== 'yes'"))
		throw new Error(`${name}.html: ${await page.ask("document.querySelector('#trouble')?.textContent")}`);
	return page;
}

function quiet(sentence, page) {
	const loaded = page.requests.filter((url) => !url.startsWith(`file://${directory}/`));

	same(`${sentence}: no complaint on the console, and nothing asked of any network`,
		[page.complaints, loaded, page.requests.length], [[], [], 1]);
}

/* ---- what is asked of pages ---- */

const texts = (selector) => `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`;
const data = (selector) => `Number(document.querySelector(${JSON.stringify(selector)}).value)`;
const column = (n) => `[...document.querySelectorAll("#sites tbody tr > :nth-child(${n})")].map((e) => Number(e.firstChild.value))`;
const head = (n) => `#sites thead th:nth-child(${n})`;
const frames = `[...document.querySelectorAll("#flame g.frame")].map((e) => e.getAttribute("aria-label"))`;
const focused = `document.activeElement.getAttribute("aria-label")`;

function widest(sites, key) {
	return sites.reduce((a, b) => b[key] > a[key] ? b : a);
}

/* ---- the demonstration: one cache without a bound ---- */

async function numbers(page, report) {
	const { totals, cohorts, memory, leaks } = report;

	same("the figures at the top are those of the JSON report", [
		await page.ask(data("#live data")), await page.ask(data("#old data")), await page.ask(data("#lost data")),
		await page.ask(data("#rss data")), await page.ask(data("#external data")), await page.ask(data("#allocated data")),
	], [totals.live_bytes, cohorts.old.bytes, leaks.definite.bytes + leaks.indirect.bytes, memory.rss, memory.external,
		totals.allocated_bytes]);
	same("the live bytes of the sites are those of the report", await page.ask(column(2)),
		report.sites.map((s) => s.live_bytes).sort((a, b) => b - a).slice(0, 50));
	same("the live bytes of the types are those of the report", await page.ask(`[...document.querySelectorAll("#types tbody tr > :nth-child(2)")].map((e) => Number(e.firstChild.value))`),
		report.types.map((t) => t.live_bytes).sort((a, b) => b - a).slice(0, 50));
	same("what the sites waste is that of the report", await page.ask(`[...document.querySelectorAll("#waste tbody tr > :nth-child(2)")].map((e) => Number(e.firstChild.value))`),
		report.sites.filter((s) => s.waste).map((s) => s.waste.bytes).sort((a, b) => b - a).slice(0, 50));
	await page.click("#timeline details summary");
	same("the numbers of the timeline are those of the report", await page.ask(
		`[...document.querySelectorAll("#timeline tbody tr:nth-child(1) td data")].map((e) => Number(e.value))`),
	["rss", "heap_total", "heap_used", "external"].map((key) => report.cohorts.epochs[0][key]));
	await page.click("#consumption details summary");
	same("what lived when, by site, is that of the report", await page.ask(
		`[...document.querySelectorAll("#consumption tbody tr")].map((tr) => [...tr.querySelectorAll("td")].slice(0, ${report.consumption.sites.length})
			.map((td) => Number(td.firstChild.value)))`), report.consumption.rows.map((row) => row.bytes_by_site));
	same("what lives in the end is what lives now", report.consumption.rows.at(-1).bytes_by_site,
		report.consumption.sites.map((s) => report.sites.find((x) => x.site === s.site).live_bytes));
	same("and adds up to all that does", report.consumption.rows.at(-1).bytes_by_site.reduce((a, b) => a + b,
		report.consumption.rows.at(-1).bytes_of_others), totals.live_bytes);
	point("the cache of the demonstration grows from bar to bar", report.consumption.rows.every((row, i, all) =>
		i === 0 || row.bytes_by_site[0] >= all[i - 1].bytes_by_site[0]), report.consumption.rows);
	await page.click("#sizes details summary");
	same("blocks by size are those of the report", await page.ask(
		`[...document.querySelectorAll("#sizes tbody tr")].map((tr) => [...tr.querySelectorAll("td")].slice(0, 2).map((td) => Number(td.firstChild.value)))`),
	report.sizes.map((s) => [s.bytes, s.usable_bytes - s.bytes]));
	await page.click("#demographics details summary");
	same("the live memory of each birth epoch and site is that of the report", await page.ask(
		`[...document.querySelectorAll("#demographics tbody tr")].map((tr) => [...tr.querySelectorAll("td")].slice(0, ${report.demographics.sites.length})
			.map((td) => Number(td.firstChild.value)))`), report.demographics.rows.map((row) => row.bytes_by_site));
	same("the bytes by birth epoch add up to the live bytes", report.demographics.rows.map((row) =>
		row.bytes_by_site.reduce((a, b) => a + b, row.bytes_of_others)), report.demographics.rows.map((row) => row.bytes));
	same("the live bytes of all birth epochs add up to all with a known one", report.demographics.rows.reduce((a, row) => a + row.bytes, 0),
		totals.live_bytes - cohorts.unknown_birth.bytes);
}

async function findings(page, report) {
	const [first] = report.findings;
	const said = await page.ask(`document.querySelector("#summary").textContent`);

	const suspects = await page.ask(`document.querySelector("#suspects").textContent`);

	point("the first lines say how many problems there are, what the first is, and what to do", said.includes(`${report.findings.filter((f) => f.level === "warning").length} warning`) &&
		suspects.includes(first.summary) && suspects.includes(first.advice), [said, suspects]);
	point("the holder is named there", /held by sessions/.test(suspects), suspects);
	point("the first finding is open, with evidence, path and stack", await page.ask(`(() => {
		const details = document.querySelector("#finding-1 details");
		return details.open && details.querySelectorAll(".path li").length > 1 &&
			details.querySelector(".path .root").textContent.includes("sessions") &&
			details.querySelectorAll("ul li").length === ${first.evidence.length} &&
			details.querySelector(".stack").textContent.includes("remember_user");
	})()`), await page.ask(`document.querySelector("#finding-1").textContent`));
	await page.click("#findings .notes > summary");
	point("notes are there when asked for", await page.ask(`document.querySelector("#finding-2").checkVisibility() &&
		!document.querySelector("#finding-2 details").open`), null);
	const path = `document.querySelector("#finding-1 .path").checkVisibility()`;

	await page.click("#finding-1 details summary");
	const closed = await page.ask(path);

	await page.click("#finding-1 details summary");
	same("a click on an open finding hides its path, another shows it", [closed, await page.ask(path)], [false, true]);
	await page.click("#finding-1 details summary");
	await page.click(`#suspects a[href="#finding-1"]`);
	point("a click on a suspect goes to its finding, opened", await page.ask(
		`document.activeElement.id === "finding-1" && document.querySelector("#finding-1 details").open`), await page.ask("document.activeElement.id"));
}

async function sites(page, report) {
	const rising = report.sites.map((s) => s.live_bytes).sort((a, b) => a - b).slice(0, 50);

	same("the sites are sorted by live bytes, and say so", await page.ask(`document.querySelector("${head(2)}").getAttribute("aria-sort")`), "descending");
	await page.click(`${head(2)} button`);
	same("a click on a column turns the order round", [await page.ask(column(2)),
		await page.ask(`document.querySelector("${head(2)}").getAttribute("aria-sort")`)], [rising, "ascending"]);
	const i = await page.ask(`${texts("#sites thead th")}.indexOf("Allocated") + 1`);

	await page.ask(`document.querySelector("${head(i)} button").focus()`);
	await page.press("Enter");
	same("Enter on another column sorts by it, and only that one says so", [await page.ask(column(i)),
		await page.ask(`document.querySelectorAll("#sites th[aria-sort]").length`)],
	[report.sites.map((s) => s.allocated_bytes).sort((a, b) => b - a).slice(0, 50), 1]);
	await page.type("#filter", "RENDER_page");
	await page.until(`document.querySelector("#sites .status").textContent.includes("out of")`);
	const wanted = report.sites.filter((s) => s.frames.some((f) => f.function === "render_page")).length;

	point("the filter leaves stacks with that function, in any case of letters", wanted > 0 && await page.ask(
		`document.querySelectorAll("#sites tbody tr").length === ${wanted} &&
		${texts("#sites tbody th")}.every((text) => text.includes("render_page"))`), await page.ask(texts("#sites tbody th")));
	await page.click("#sites tbody .opener");
	point("a click on a site shows its stack", await page.ask(`document.querySelector("#sites .more .stack").textContent.includes("main") &&
		document.querySelector("#sites .opener").getAttribute("aria-expanded") === "true"`), null);
}

async function flame(page, report) {
	const top = widest(report.sites, "live_bytes");
	const called = report.sites.filter((s) => s.frames.some((f) => f.function === "render_page")).reduce((sum, s) => sum + s.allocations, 0);
	const total = (key) => report.sites.reduce((sum, s) => sum + s[key], 0);
	const label = async (name) => (await page.ask(frames)).find((text) => text.startsWith(`${name} `)) ?? "";

	point("the flame graph has the whole, main and the site that holds most", (await page.ask(frames))[0].startsWith("all") &&
		(await label("main")) && (await label(top.frames[0].function)), await page.ask(frames));
	same("the flame graph shows all live bytes", (await page.ask("document.querySelectorAll('#flame g.frame').length > 3")), true);
	await page.click(`#flame g.frame[aria-label^="handle_request "]`);
	point("a click zooms in: the frame is as wide as the whole", await page.ask(`(() => {
		const at = document.querySelector('#flame g.frame[aria-label^="handle_request "]').getBoundingClientRect();
		return at.width > document.querySelector("#flame .flame").clientWidth - 3;
	})()`) && !(await label("log_request")).startsWith("none"), await page.ask(frames));
	await page.click("#flame-reset");
	await page.click(`#flame input[value="allocations"]`);
	point("another weight gives other widths", (await label("render_page")).includes(`: ${called.toLocaleString("en-US")}, `) &&
		(await page.ask(frames))[0].includes(`: ${total("allocations").toLocaleString("en-US")}, `), await page.ask(frames));
	await page.type("#flame-search", "RENDER_");
	await page.until(`document.querySelector("#flame-result").textContent !== ""`);

	point("a search marks frames and tells their share", await page.ask(
		`document.querySelectorAll('#flame rect[fill="#ee82ee"]').length > 0`) &&
		(await page.ask(`document.querySelector("#flame-result").textContent`)).includes(`: ${called.toLocaleString("en-US")}, `),
	await page.ask(`document.querySelector("#flame-result").textContent`));
	await page.type("#flame-search", " ");
	await page.click(`#flame input[value="live_bytes"]`);

	/* Keyboard: from the whole down to main's callee, zoom, and back. */
	await page.ask(`document.querySelector('#flame g.frame[tabindex="0"]').focus()`);
	await page.press("ArrowDown");
	const second = await page.ask(focused);

	point("the arrow keys go from frame to frame", second && !second.startsWith("all"), second);
	await page.press("ArrowDown");
	await page.press("ArrowUp");
	same("the arrow keys go back to a frame", await page.ask(focused), second);
	for (let i = 0; i < 20 && !(await page.ask(focused)).startsWith("remember_user"); i++)
		await page.press("ArrowDown");
	await page.press("Enter");
	await page.settle();
	point("Enter zooms to the frame, which keeps the focus", (await page.ask(focused))?.startsWith("remember_user") && await page.ask(
		`document.activeElement.getBoundingClientRect().width > document.querySelector("#flame .flame").clientWidth - 3`), await page.ask(focused));
	await page.press("Escape");
	await page.settle();
	point("Escape zooms out to its caller", (await page.ask(focused))?.startsWith("handle_request"), await page.ask(focused));
}

async function charts(page) {
	const shown = () => page.ask(`document.querySelector("#timeline .values").textContent`);

	await page.ask(`document.querySelector("#timeline .chart").focus()`);
	await page.press("Home");
	const first = await shown();

	await page.press("ArrowRight");
	point("the arrow keys go through the timeline, and its words follow", first.includes("epoch 1") && (await shown()).includes("epoch 2"),
		[first, await shown()]);
	await page.click("#timeline .legend button");
	same("a click in the legend switches a line off", await page.ask(
		`document.querySelector("#timeline .legend button").getAttribute("aria-pressed")`), "false");
	await page.click("#timeline .legend button");
}

async function colours(page) {
	const paper = "getComputedStyle(document.querySelector('#summary')).backgroundColor";
	const light = await page.ask(paper);

	const words = () => page.ask(`document.querySelector("#theme").textContent`);
	const before = await words();

	await page.click("#theme");
	const dark = await page.ask(paper);

	same("the button says what it does, and does so", [before, light !== dark, await words()], ["Dark colours", true, "Light colours"]);
	await page.click("#theme");
	same("the button switches back to light colours", await page.ask(paper), light);
	await page.look({ width: 1280, height: 1000, isDark: true });
	await page.click("#theme");
	await page.ask("delete document.documentElement.dataset.theme");
	same("without it, the system's wish counts", await page.ask(paper), dark);
	await page.look({ width: 1280, height: 1000, isDark: false });
}

/* Roles and names as a screen reader has them. */
async function reader(page) {
	const tree = await page.readerTree();
	const controls = tree.filter((n) => ["button", "textbox", "searchbox", "radio", "link", "treeitem", "tree", "table", "checkbox"].includes(n.role));

	point("every control, table and frame has a name", controls.length > 30 && controls.every((n) => n.name !== ""),
		controls.filter((n) => n.name === ""));
	point("headings, regions and column heads are there for who does not see",
		["heading", "columnheader", "rowheader", "main", "navigation", "region"].every((role) => tree.some((n) => n.role === role)),
		[...new Set(tree.map((n) => n.role))]);
	same("heads of columns and rows have a scope", await page.ask(`document.querySelectorAll("th:not([scope])").length`), 0);
}

async function demo() {
	const page = await opened("demo"), report = json("demo");

	await page.screenshot(`${screenshots}/light.png`);
	await numbers(page, report);
	await findings(page, report);
	await sites(page, report);
	await flame(page, report);
	await charts(page);
	await reader(page);
	quiet("after all that", page);
	await colours(page);
	await audit("light", page);
	await page.close();

	const dark = await opened("demo", { isDark: true });

	await dark.screenshot(`${screenshots}/dark.png`);
	await audit("dark", dark);
	await dark.close();

	const narrow = await opened("demo", { width: 390, height: 800 });

	await narrow.screenshot(`${screenshots}/narrow.png`);
	same("a narrow window needs no scrolling to the side", await narrow.ask(
		"document.documentElement.scrollWidth <= 390"), true);
	await audit("narrow", narrow);
	await narrow.close();
}

/* ---- a mistake of each kind ---- */

/* What findings say grows without limit. */
function growing(report) {
	return report.findings.filter((f) => ["cache", "queue", "closure", "missing-free", "growth"].includes(f.kind) &&
		f.level !== "note" && !f.part_of).reduce((sum, f) => sum + f.gives_back_bytes, 0);
}

async function firstScreen(page, report) {
	const { totals, cohorts, memory } = report;
	const rows = await page.ask(`[...document.querySelectorAll("#suspects .suspect")].map((e) => ({
		what: e.querySelector(".what strong").textContent, level: e.className, bytes: Number(e.querySelector("data").value),
		where: e.querySelector(".where")?.textContent, sentence: e.querySelector(".sentence").textContent,
		curve: e.querySelectorAll("svg.spark[role=img][aria-label] polyline").length, bottom: e.getBoundingClientRect().bottom }))`);
	const kinds = rows.map(({ what, level }) => `${level} ${what}`);
	const firsts = [...new Set(kinds)];
	const suspect = (what) => rows.find((row) => row.what === what);

	same("the tile of the peak has the most that was live at the end of an epoch", await page.ask(data("#peak data")),
		Math.max(report.peak?.bytes ?? 0, totals.live_bytes, ...cohorts.epochs.map((e) => e.heap_used)));
	same("the tile of what grows has what the findings say", await page.ask(data("#growing data")), growing(report));
	same("the parts of the resident memory add up to it", await page.ask(`[...document.querySelectorAll("#rss .split data")]
		.reduce((sum, e) => sum + Number(e.value), 0)`), memory.rss);
	point("the suspects are of every kind that was planted", ["unbounded cache", "unbounded queue", "definite leak", "listener leak"]
		.every((what) => suspect(what)), kinds);
	same("the first suspects are one of each kind", kinds.slice(0, firsts.length), firsts);
	const sizes = rows.slice(0, firsts.length).map((row) => row.bytes);

	same("of these the largest is first", sizes, [...sizes].sort((a, b) => b - a));
	same("a suspect's size is what fixing it gives back", suspect("unbounded cache")?.bytes,
		report.findings.find((f) => f.what === "unbounded cache").gives_back_bytes);
	point("each suspect has its line, its function and a curve", rows.every((row) =>
		/^planted[.]cc:[0-9]+ [a-zA-Z_:]+ /.test(row.where) && row.curve === 1), rows);
	point("of a cache the line, the function and the holder are those of the program, not of the library",
		/:38 gw::QuoteCache::get /.test(suspect("unbounded cache")?.where) &&
		suspect("unbounded cache").sentence.includes("held by gw::quotes"), suspect("unbounded cache"));
	point("all suspects are on the first screen", rows.every((row) => row.bottom <= 800), rows.map((row) => row.bottom));
}

/* Where one is, and how one gets elsewhere without a mouse. */
async function ways(page) {
	const here = () => page.ask(`[...document.querySelectorAll("#nav [aria-current]")].map((a) => a.textContent)`);
	const focusedId = `document.activeElement.id || document.activeElement.closest("[id]")?.id`;

	same("the list of parts marks the first at the beginning", await here(), ["Summary"]);
	await page.ask(`document.querySelector("#flame").scrollIntoView()`);
	await page.until(`document.querySelector("#nav [aria-current]")?.textContent === "Flame graph"`);
	same("and the part that one has scrolled to", await here(), ["Flame graph"]);
	await page.ask("scrollTo(0, 0)");
	await page.press("j");
	const first = await page.ask(focusedId);

	await page.press("j");
	const second = await page.ask(focusedId);

	await page.press("j");
	const suspect = await page.ask(`document.activeElement.matches(".suspect a")`);

	await page.press("k");
	same("j goes to the next part, k back", [first, second, suspect, await page.ask(focusedId)],
		["summary-title", "suspects-title", true, "suspects-title"]);
	await page.press("j");
	await page.press("ArrowDown");
	same("an arrow goes to the next suspect", await page.ask(`[...document.querySelectorAll(".suspect .what a")].indexOf(document.activeElement)`), 1);
}

async function everywhere(page) {
	const results = `document.querySelector("#results")`;

	await page.press("/");
	same("the key / goes to the search", await page.ask("document.activeElement.id + document.activeElement.value"), "search");
	await page.send("Input.insertText", { text: "quoteCACHE" });
	await page.until(`!${results}.hidden`);
	const said = await page.ask(`${results}.querySelector("[role=status]").textContent`);

	point("it finds findings, functions, sites", ["Findings: ", "Functions: ", "Sites: "].every((words) => said.includes(words)), said);
	await page.press("ArrowDown");
	await page.press("Enter");
	point("Enter on a finding goes there", await page.ask(`${results}.hidden && document.activeElement.textContent.includes("gw::QuoteCache::get") &&
		document.activeElement.id.startsWith("finding-")`), await page.ask("document.activeElement.id"));
	await page.type("#search", "log_line");
	await page.until(`${results}.textContent.includes("log_line")`);
	await page.ask(`[...${results}.querySelectorAll("div")].find((e) => e.textContent.startsWith("Sites")).querySelector(".hit").click()`);
	point("a site that is found is opened in the table", await page.ask(`document.activeElement.matches("#sites .opener[aria-expanded=true]") &&
		document.querySelector("#sites .more .stack").textContent.includes("log_line")`), null);
	await page.type("#search", "no such name");
	await page.until(`${results}.textContent.includes("Nothing found")`);
	await page.press("Escape");
	same("Escape closes what was found", await page.ask(`${results}.hidden`), true);
}

async function siteTable(page, report) {
	const [top] = [...report.sites].sort((a, b) => b.live_bytes - a.live_bytes);
	const head = await page.ask(`document.querySelector("#sites tbody th").innerText`);

	same("the table of sites fits: it need not be scrolled to the side", await page.ask(
		`(() => { const e = document.querySelector("#sites .scroll"); return e.scrollWidth <= e.clientWidth; })()`), true);
	point("a row has the line, the function and the type", /planted[.]cc:38 gw::QuoteCache::get/.test(head) && /std::make_shared<.*Quote>/.test(head), head);
	const group = async (by) => {
		await page.ask(`(() => { const e = document.querySelector("#group"); e.value = "${by}"; e.dispatchEvent(new Event("change")); })()`);
		return page.ask(`[...document.querySelectorAll("#sites tbody tr:not(.more)")].map((tr) => [tr.querySelector("th").innerText.replace(/^\\W*/, ""), Number(tr.querySelector("td data").value)])`);
	};
	const sum = report.sites.reduce((all, s) => all + s.live_bytes, 0);

	for (const [by, name] of [["function", "gw::QuoteCache::get"], ["module", "planted"], ["thread", "planted"], ["type", "std::make_shared"]]) {
		const rows = await group(by);

		point(`sites grouped by ${by} have all live bytes, and the names`, rows.length < 50 && rows.reduce((all, [, bytes]) => all + bytes, 0) === sum &&
			rows.some(([text]) => text.startsWith(name)), [sum, rows]);
	}
	const ofFunction = report.sites.filter((s) => s.frames.find((f) => f.file?.endsWith("planted.cc"))?.function.startsWith("gw::QuoteCache::get"));

	same("a function's bytes are those of its sites", (await group("function")).find(([text]) => text === "gw::QuoteCache::get")?.[1],
		ofFunction.reduce((all, s) => all + s.live_bytes, 0));
	await group("");
	return top;
}

/* What a frame of the flame graph looks like. */
const shape = (name) => `(() => {
	const g = [...document.querySelectorAll("#flame g.frame")].find((e) => e.getAttribute("aria-label").startsWith("${name} "));
	const rect = g?.querySelector("rect");

	return rect && { fill: getComputedStyle(rect).fill, dashes: getComputedStyle(rect).strokeDasharray, words: g.querySelector(".d3-flame-graph-label").textContent };
})()`;

async function flameOfModules(page) {
	const [own, library] = [await page.ask(shape("handle_request")), await page.ask(shape("std::make_shared"))];
	const strength = (rgb) => { const [r, g, b] = rgb.match(/[0-9]+/g).map(Number); return Math.max(r, g, b) - Math.min(r, g, b); };

	point("the program's own code has a stronger colour than a library's", strength(own.fill) > 2 * strength(library.fill), [own, library]);
	same("a label begins with the name, without parameters", [own.words, library.words], ["handle_request", "std::make_shared"]);
	await page.click(`#flame g.frame[aria-label^="gw::QuoteCache::get "]`);
	const caller = await page.ask(shape("handle_request"));
	const dead = await page.ask(`getComputedStyle(document.querySelector("#flame .swatch.dead")).backgroundColor`);

	point("callers of what is zoomed in on look unlike what has nothing live", caller.fill !== dead && caller.dashes !== "none", [caller, dead]);
	point("what is under the mouse has its file and line", /gw::QuoteCache::get [(]planted[.]cc:[0-9]+[)]: /.test(
		await page.ask(`document.querySelector("#flame-details").textContent`)), await page.ask(`document.querySelector("#flame-details").textContent`));
	const link = await page.ask(`document.querySelector("#flame-links a")?.textContent`);

	same("it leads to the finding", link, "unbounded cache");
	await page.click("#flame-sites");
	point("and to its sites in the table", await page.ask(`${texts("#sites tbody th")}.length > 0 &&
		${texts("#sites tbody th")}.every((text) => text.includes("gw::QuoteCache::get"))`), await page.ask(texts("#sites tbody th")));
	await page.click("#flame-reset");
}

/* As the text has them: library frames in a row are one line. */
async function folding(page) {
	const stack = `[...document.querySelectorAll(".finding")].find((e) => e.textContent.includes("cache entries")).querySelector(".stack")`;
	const lines = await page.ask(`[...${stack}.children].map((li) => (li.querySelector("summary") ?? li).textContent)`);

	point("library frames are folded to what the program called of them", /^std::make_shared [(][0-9]+ library frames[)]$/.test(lines[0]) &&
		lines[1].startsWith("gw::QuoteCache::get"), lines);
	await page.ask(`${stack}.querySelector("details").open = true`);
	point("and shown when asked for", await page.ask(`${stack}.querySelectorAll(".folded li").length > 1`), null);
}

async function paper(page) {
	await page.print(true);
	same("paper has no controls, and nothing is cut off at the side", await page.ask(`[["nav", "#theme", "#finder", ".controls"].some((selector) =>
		document.querySelector(selector).checkVisibility()), document.documentElement.scrollWidth <= innerWidth]`), [false, true]);
	await page.ask(`dispatchEvent(new Event("beforeprint"))`);
	same("paper has what is folded of the findings", await page.ask(`[...document.querySelectorAll(".finding > details")].every((e) => e.open)`), true);
	await page.screenshot(`${screenshots}/print.png`);
	await page.print(false);
}

async function planted() {
	const page = await opened("planted", { width: 1280, height: 800 }), report = json("planted");
	const threads = report.threads.filter((t) => t.live).sort((a, b) => b.live.bytes - a.live.bytes);

	point("charts call sites by the program's functions", await page.ask(texts("#consumption .legend .name, #demographics .legend .name")).then((names) =>
		names.some((name) => name.includes("gw::QuoteCache::get")) && names.every((name) => !/std::|__|allocate/.test(name))),
	await page.ask(texts("#consumption .legend .name, #demographics .legend .name")));

	point("several threads have allocated", threads.length > 1, threads);
	same("what each thread has allocated is that of the report", await page.ask(
		`[...document.querySelectorAll("#threads tbody tr td:nth-child(2)")].map((td) => Number(td.firstChild.value))`),
	threads.slice(0, 50).map((t) => t.live.bytes));

	await page.screenshot(`${screenshots}/first.png`, false);
	await firstScreen(page, report);
	await ways(page);
	await everywhere(page);
	await siteTable(page, report);
	await flameOfModules(page);
	await folding(page);
	await retained(page, report);
	await audit("a mistake of each kind", page);
	await page.screenshot(`${screenshots}/planted.png`);
	await paper(page);
	quiet("a mistake of each kind", page);
	await page.close();

	const phone = await opened("planted", { width: 390, height: 800 });

	await phone.screenshot(`${screenshots}/phone.png`);
	same("a phone's page needs no scrolling to the side", await phone.ask("document.documentElement.scrollWidth <= 390"), true);
	await phone.close();
}

/* ---- what retains the memory ---- */

async function retained(page, report) {
	/* Of each list: what is said of what it is below (of the whole: nothing), and the sum of its lines. */
	const sums = `[...document.querySelectorAll("#retained ul")].map((ul) => {
		const bytes = (e) => Number(e.querySelector("data").value);

		return [ul.parentElement.tagName === "DETAILS" ? bytes(ul.parentElement) : null, [...ul.children].reduce((sum, li) => sum + bytes(li), 0)];
	})`;
	const open = `[...document.querySelectorAll("#retained details[open] > summary .name")].map((e) => e.title)`;

	same("the variable that holds most is open, and the most of it", (await page.ask(open)).slice(0, 2).map((name) => name.replace(/<.*>/, "<>")),
		["gw::quotes.quotes in planted", "std::unordered_map<> node"]);
	same("what variables retain adds up to all that lives", (await page.ask(sums))[0], [null, report.totals.live_bytes]);
	await page.ask(`(() => {
		const closed = () => [...document.querySelectorAll("#retained details:not([open])")];

		return new Promise((done) => {
			const next = () => {
				const all = closed();

				all.forEach((details) => { details.open = true; });
				if (all.length)
					setTimeout(next);
				else
					done();
			};

			next();
		});
	})()`);
	await page.until(`[...document.querySelectorAll("#retained details")].every((details) => details.querySelector("ul"))`);
	const all = await page.ask(sums);

	same("what stands below a group, itself and what is smaller, adds up to it", all.slice(1).filter(([whole, sum]) => whole !== sum), []);
	point("there are groups below groups", all.length > 6, all);
	same("a table holds as many entries as it has", await page.ask(`[...document.querySelectorAll("#retained li")].find((li) =>
		li.querySelector(".name")?.title === "std::make_shared<gw::Quote> block").textContent.match(/in ([0-9,]+) blocks/)[1]`), "15,000");
	await page.ask(`document.querySelectorAll("#retained details").forEach((details) => { details.open = false; })`);
	await page.type("#search", "shared<gw::Session");
	await page.until(`document.querySelector("#results").textContent.includes("What retains")`);
	await page.ask(`[...document.querySelectorAll("#results div")].find((e) => e.textContent.startsWith("What retains")).querySelector(".hit").click()`);
	await page.until(`document.querySelectorAll("#retained details[open]").length > 1`);
	same("what is searched is shown, with all that holds it", await page.ask(open),
		["gw::feed.listeners in planted", "std::vector<std::function<void ()>> storage", "std::function closure"]);
}

/* ---- the flame graph's switches: layout, own code only ---- */

const MIB = 2 ** 20;
const REST = "(library code only)";

/* Stacks, outermost first, that a page of the planted mistakes gets in addition; L is library code. */
const madeStacks = [
	[40, "made_main", "L over_each", "visit"],
	[20, "made_main", "L over_pairs", "visit", "L grow_string"],
	[10, "made_main", "L sorted", "L visit"],
	[6, "made_main", "L both", "inner"],
	[3, "made_main", "both", "inner"],
	[8, "L loader", "L loader_table"],
	[4, "L plugin_start"],
	[2, "_start"],
	[5, "made_main", ...Array.from({ length: 50 }, (_, i) => `deep_${i}`)], /* higher than what is seen of it */
];

/* Written as switches.html; returns its data. */
function makeSwitches() {
	const page = readFileSync(`${directory}/planted.html`, "utf8");
	const [, begin, text, end] = /^(.*<script type="application\/json" id="data">)(.*?)(<\/script>.*)$/s.exec(page);
	const report = JSON.parse(text), { strings, call_tree: rows, sites } = report;
	const module = strings.push("/opt/made/made") - 1;
	let node = Math.max(...rows.map((row) => row[0])), number = 100000;

	for (const [mib, ...names] of madeStacks) {
		const packed = names.map((name) => {
			const plain = name.replace("L ", "");
			const fn = strings.includes(plain) ? strings.indexOf(plain) : strings.push(plain) - 1;

			return [fn, -1, 0, module, 16, name === plain ? 0 : 4];
		});
		const figures = { site: number++, live_bytes: mib * MIB, old_bytes: 0, allocated_bytes: 2 * mib * MIB, allocations: mib };

		rows.push([++node, 0, ...packed.reverse()]);
		sites.push([node, ...report.site_columns.map((key, i) => figures[key] ?? sites[0][i + 1])]);
	}
	writeFileSync(`${directory}/switches.html`, begin + JSON.stringify(report).replaceAll("<", "\\u003c") + end);
	return report;
}

/* A site's stack as names, outermost first, without library code and what begins the program. */
function ownNames(report, node) {
	const rows = new Map(report.call_tree.map((row) => [row[0], row])), names = [];

	do {
		for (const [fn, , , , , flags] of rows.get(node).slice(2))
			if ((flags & 4) === 0 && report.strings[fn] !== "_start")
				names.unshift(fn < 0 ? "?" : report.strings[fn]);
		[, node] = rows.get(node);
	} while (node);
	return names;
}

const boxes = `[...document.querySelectorAll("#flame g.frame")].map((e) => {
	const r = e.querySelector("rect").getBoundingClientRect(), { data, depth, parent } = d3.select(e).datum();

	return { name: data.name, label: e.getAttribute("aria-label"), depth, value: data.value, caller: parent?.data.name,
		left: Math.round(r.left), top: Math.round(r.top), bottom: Math.round(r.bottom), width: Math.round(r.width) };
})`;
const LAYOUT = (which) => `#flame input[name="layout"][value="${which}"]`;
const OWN = "#flame-own";
const isChecked = (selector) => `document.querySelector(${JSON.stringify(selector)}).checked`;
const focusedName = `document.activeElement.getAttribute("name")`;
const shownWords = `document.querySelector("#flame-shown").textContent`;

/* When they move no more, callers first, from left to right. */
async function stillBoxes(page) {
	for (let now = "", last = null, n = 0; ; last = now) {
		await page.settle();
		now = JSON.stringify(await page.ask(boxes));
		n = now === last ? n + 1 : 0;
		if (n === 3)
			return JSON.parse(now).sort((a, b) => a.depth - b.depth || a.left - b.left);
	}
}

async function layoutOf(page, sentence, isRootOnTop) {
	const all = await stillBoxes(page), [root] = all;
	const edges = await page.ask(`["#flame svg", "#flame .flame"].map((selector) => {
		const r = document.querySelector(selector).getBoundingClientRect(); return [Math.round(r.top), Math.round(r.bottom)]; })`);
	const wanted = all.map(({ depth }) => root.top + (isRootOnTop ? 20 : -20) * depth);

	same(`${sentence}: each box is next to its caller, the root ${isRootOnTop ? "at the top" : "at the bottom"}`, all.map(({ top }) => top), wanted);
	point(`${sentence}: nothing is cut off, no row is empty, the root is in sight`, root.depth === 0 &&
		Math.min(...all.map(({ top }) => top)) === edges[0][0] && Math.max(...all.map(({ bottom }) => bottom)) === edges[0][1] &&
		root.top >= edges[1][0] && root.bottom <= edges[1][1], [root, edges]);
	return all.map(({ name, label, depth, left, width }) => ({ name, label, depth, left, width }));
}

async function switching(page, report) {
	const bytes = report.site_columns.indexOf("live_bytes") + 1;
	const total = report.sites.reduce((sum, row) => sum + row[bytes], 0);
	const rest = report.sites.filter(([node]) => ownNames(report, node).length === 0).reduce((sum, row) => sum + row[bytes], 0);
	const own = new Set(report.sites.flatMap(([node]) => ownNames(report, node)).map((name) => name.includes("operator") ? name : name.replace(/[(<].*$/, "")));

	same("the flame graph begins as an icicle with all code", await page.ask(`[${isChecked(LAYOUT("icicle"))}, ${isChecked(OWN)}, ${shownWords}]`),
		[true, false, ""]);
	const icicle = await layoutOf(page, "an icicle", true);

	/* By keyboard, as radio buttons and check boxes are used. */
	await page.ask(`document.querySelector('${LAYOUT("icicle")}').focus()`);
	await page.press("ArrowRight");
	same("the right arrow key chooses the flame graph", await page.ask(isChecked(LAYOUT("flame"))), true);
	const upright = await layoutOf(page, "a flame graph", false);

	same("both layouts have the same boxes, as wide", upright, icicle);
	await page.press("Tab");
	await page.press(" ");
	same("Tab goes to the next switch, the space bar sets it", await page.ask(`[document.activeElement.id, ${isChecked(OWN)}]`), ["flame-own", true]);

	const upOwn = await layoutOf(page, "a flame graph of own code", false);
	const all = await stillBoxes(page), named = (name) => all.filter((box) => box.name === name);

	const below = all.filter(({ depth }) => depth === 1).reduce((sum, box) => sum + box.value, 0);

	same("with own code only the root has all bytes, and is as wide", [all[0].label, all[0].width, all[0].value], [icicle[0].label, icicle[0].width, total]);
	point("but for what is too narrow, they are below it", below <= total && below > 0.999 * total, [below, total]);
	same("with own code only no frame of a library is drawn", all.slice(1).map(({ name }) => name).filter((name) => name !== REST && !own.has(name)), []);
	point("with all code some are", icicle.filter(({ name }) => !own.has(name)).length > 10, icicle);
	same("what stands next to an equal name is merged with it", named("visit").map(({ value, caller }) => [value, caller]), [[60 * MIB, "made_main"]]);
	same("a library's function named as one of the program's goes, its callee stays", [...named("both"), ...named("inner")]
		.map(({ name, value, caller }) => [name, value / MIB, caller]), [["both", 3, "made_main"], ["inner", 6, "made_main"], ["inner", 3, "both"]]);
	same("what library code has left its caller without is the caller's own", named("made_main").map(({ value }) => value), [84 * MIB]);
	same("a stack of library code alone is in one box", named(REST).map(({ value, caller }) => [value, caller]), [[rest, "all"]]);
	point("the line above the graph says how much is shown, and how much without own code", new RegExp(
		`^Shown: ${(total / MIB).toFixed(1)} MiB of ${(total / MIB).toFixed(1)} MiB, 100.0 %; .*${(rest / MIB).toFixed(1)} MiB, ` +
		`${(100 * rest / total).toFixed(1)} %, library code only`).test(await page.ask(shownWords)), await page.ask(shownWords));
	point("the legend has no library code then", !/library code|libstdc/.test(await page.ask(`document.querySelector("#flame .legend-line").textContent`)), null);
	await page.click(`#flame input[value="allocations"]`);
	point("the line follows the weight", /^Shown: [0-9,]+ of [0-9,]+, 100.0 %/.test(await page.ask(shownWords)), await page.ask(shownWords));
	await page.click(`#flame input[value="live_bytes"]`);
	await page.click(LAYOUT("icicle"));
	same("own code as an icicle has the same boxes", await layoutOf(page, "an icicle of own code", true), upOwn);
	await page.click(OWN);
	same("all code is back", await layoutOf(page, "an icicle again", true), icicle);
	same("and the line is gone", await page.ask(shownWords), "");
}

async function clickFrame(page, name) {
	await stillBoxes(page);
	await page.click(`#flame g.frame[name="${name}"]`);
	await stillBoxes(page);
}

/* Search, zoom, keys, links in one of the four combinations. */
async function combination(page, layout, isOwn) {
	const sentence = `${layout}, ${isOwn ? "own code" : "all code"}`;
	const [toCallee, toCaller] = layout === "icicle" ? ["ArrowDown", "ArrowUp"] : ["ArrowUp", "ArrowDown"];
	const details = `document.querySelector("#flame-details").textContent`;
	const width = `Math.round(document.querySelector('#flame g.frame[name="visit"] rect').getBoundingClientRect().width)`;

	await page.click(LAYOUT(layout));
	if (await page.ask(isChecked(OWN)) !== isOwn)
		await page.click(OWN);

	await page.type("#flame-search", "visit");
	await page.until(`document.querySelector("#flame-result").textContent !== ""`);
	same(`${sentence}: a search finds the frames, and their sum`, [await page.ask(`document.querySelectorAll('#flame rect[fill="#ee82ee"]').length`),
		(await page.ask(`document.querySelector("#flame-result").textContent`)).replace(/ MiB.*/, "")],
	isOwn ? [1, "1 frame found: 60.0"] : [3, "3 frames found: 70.0"]);
	await page.ask(`(() => { const e = document.querySelector("#flame-search"); e.value = ""; e.dispatchEvent(new Event("input")); })()`);
	await page.until(`document.querySelector("#flame-result").textContent === ""`);

	await page.ask(`document.querySelector('#flame g.frame[tabindex="0"]').focus()`);
	await page.press(toCallee);
	const first = await page.ask(focusedName);

	await page.press(toCallee);
	const second = await page.ask(focusedName);

	await page.press(toCaller);
	same(`${sentence}: arrow keys go to where the boxes are`, [first, second, await page.ask(focusedName)],
		["made_main", isOwn ? "visit" : "over_each", "made_main"]);
	await page.press("Enter");
	await page.press(toCallee);
	if (!isOwn)
		await page.press(toCallee);
	await page.press("Enter");
	await stillBoxes(page);
	same(`${sentence}: Enter zooms in`, [await page.ask(focusedName), await page.ask(width)],
		["visit", await page.ask(`document.querySelector("#flame .flame").clientWidth`)]);
	await layoutOf(page, `${sentence}, zoomed`, layout === "icicle");
	point(`${sentence}: the zoomed frame's details are shown`, (await page.ask(details)).startsWith(`visit (made): ${isOwn ? 60 : 40}.0 MiB, `), await page.ask(details));
	const button = await page.ask(`document.querySelector("#flame-sites").textContent`);

	await page.click("#flame-sites");
	same(`${sentence}: its sites are shown in the table`, [button, await page.ask(`document.querySelectorAll("#sites tbody th").length`)],
		isOwn ? ["Show its 2 sites", 2] : ["Show its 1 site", 1]);
	await page.ask(`document.querySelector('#flame g.frame[tabindex="0"]').focus()`);
	await page.press("Escape");
	same(`${sentence}: Escape zooms out`, await page.ask(focusedName), isOwn ? "made_main" : "over_each");
	await page.click("#flame-reset");
	const top = `Math.round(document.querySelector('#flame g.frame[name="gw::QuoteCache::get"]').getBoundingClientRect().top)`;

	await page.ask(`document.querySelector('#flame g.frame[name="gw::QuoteCache::get"]').scrollIntoView({ block: "center" })`);
	const before = await page.ask(top);

	await clickFrame(page, "gw::QuoteCache::get");
	same(`${sentence}: what is clicked stays below the mouse`, await page.ask(top), before);
	same(`${sentence}: a click leads to the finding`, await page.ask(`document.querySelector("#flame-links a")?.textContent`), "unbounded cache");
	point(`${sentence}: and shows file and line`, /gw::QuoteCache::get [(]planted[.]cc:[0-9]+[)]: /.test(await page.ask(details)), await page.ask(details));
	await layoutOf(page, `${sentence}, clicked`, layout === "icicle");
	await page.click("#flame-reset");
	await layoutOf(page, `${sentence}, zoomed out`, layout === "icicle");
}

/* What is zoomed in on stays so, as far as it is there. */
async function zoomKept(page) {
	const at = `(() => { const wide = document.querySelector('#flame g.frame[tabindex="0"]'); return [wide.getAttribute("name"), wide.getAttribute("aria-label").replace(/.*: ([0-9.]+) MiB.*/, "$1")]; })()`;

	const hit = `[...document.querySelectorAll("#results div")].find((e) => e.textContent.startsWith("Functions"))?.querySelector(".hit")`;

	await page.click(LAYOUT("icicle"));
	await page.click(OWN);
	await clickFrame(page, "over_pairs");
	await page.click(OWN);
	same("a library's frame that was zoomed gives way to its caller", await page.ask(at), ["made_main", "84.0"]);
	await clickFrame(page, "visit");
	await page.click(LAYOUT("flame"));
	same("another layout keeps the zoom", await page.ask(at), ["visit", "60.0"]);
	await page.click(OWN);
	same("with all code it goes to the widest frame that was merged", await page.ask(at), ["visit", "40.0"]);
	same("the links follow", await page.ask(`document.querySelector("#flame-sites").textContent`), "Show its 1 site");
	await page.click(OWN);
	same("and back to the one box", await page.ask(at), ["visit", "60.0"]);

	await page.type("#search", "over_pairs");
	await page.until(`${hit}?.textContent.startsWith("over_pairs ")`);
	await page.ask(`${hit}.click()`);
	await page.settle();
	same("a library's function that is searched for everywhere is shown, with all code", [await page.ask(at), await page.ask(isChecked(OWN))],
		[["over_pairs", "20.0"], false]);
	await page.click(OWN);
	same("own code again", await page.ask(isChecked(OWN)), true);
	await page.type("#search", "made_main");
	await page.until(`${hit}?.textContent.startsWith("made_main ")`);
	await page.ask(`${hit}.click()`);
	await page.settle();
	same("one of the program's is shown among own code", [await page.ask(at), await page.ask(isChecked(OWN))], [["made_main", "84.0"], true]);
	await page.click("#flame-reset");
}

async function switches() {
	const report = makeSwitches();
	const page = await opened("switches");

	await switching(page, report);
	for (const [layout, isOwn] of [["icicle", false], ["flame", false], ["icicle", true], ["flame", true]])
		await combination(page, layout, isOwn);
	await zoomKept(page);
	await audit("own code as a flame graph", page);
	quiet("the flame graph's switches", page);
	await page.close();

	/* As they are met: a phone, dark colours; a real page. */
	for (const [name, how] of [["desktop", { width: 1280, height: 800 }], ["phone", { width: 390, height: 800 }], ["dark", { isDark: true }]]) {
		const view = await opened("planted", how);

		await view.click(LAYOUT("flame"));
		await view.click(OWN);
		await layoutOf(view, `the planted mistakes, ${name}`, false);
		await clickFrame(view, "handle_request");
		await layoutOf(view, `the planted mistakes, ${name}, clicked`, false);
		await view.click("#flame-reset");
		same(`the planted mistakes, ${name}: the page needs no scrolling to the side`, await view.ask("document.documentElement.scrollWidth <= innerWidth"), true);
		await audit(`own code as a flame graph, ${name}`, view);
		await view.ask(`document.querySelector("#flame").scrollIntoView()`);
		await view.screenshot(`${screenshots}/own-${name}.png`, false);
		await view.close();
	}
}

/* ---- names that would like to be markup ---- */

async function hostile() {
	const page = await opened("hostile");

	await page.ask(`document.querySelectorAll("details").forEach((e) => { e.open = true; }); document.querySelectorAll(".opener").forEach((e) => e.click())`);
	await page.settle();
	same("no name becomes an element, and no script of a name runs", [
		await page.ask(`document.querySelectorAll("img, iframe, svg script, body script").length`),
		await page.ask(`document.title.includes("owned") || typeof owned !== "undefined"`)], [2, false]);
	point("the names are shown as they are", await page.ask(`document.body.innerText.includes("</script><img src=x onerror=owned=1>") &&
		document.querySelector("#about").textContent.includes("</script><script>owned=2</script>")`), await page.ask("document.body.innerText.slice(0, 3000)"));
	point("a name in bytes that are no UTF-8 is shown with replacements", await page.ask(`document.body.innerText.includes("\ufffd")`), null);
	same("a very long name does not make the page wider", await page.ask(
		"document.documentElement.scrollWidth <= innerWidth"), true);
	await page.screenshot(`${screenshots}/hostile.png`);
	quiet("hostile names", page);
	await page.close();

	const marked = await opened("mark"), [mark] = json("mark").marks;

	await marked.click("#timeline > details:last-of-type summary");
	point("a mark's label is shown as it is, too", mark.label.includes("<b>\u2028") && (await marked.ask(
		`document.querySelector("#timeline").textContent`)).includes(mark.label), mark);
	quiet("a hostile mark", marked);
	await marked.close();
}

/* ---- very many sites ---- */

async function many() {
	const page = await opened("many"), report = json("many");
	const rows = () => page.ask(`document.querySelectorAll("#sites tbody tr").length`);
	const all = report.totals.sites;
	const own = await page.ask(`(() => {
		const { site_columns: columns, sites } = JSON.parse(document.querySelector("#data").textContent);
		const sum = (key, rows) => rows.reduce((n, row) => n + row[columns.indexOf(key) + 1], 0), folded = columns.indexOf("folded") + 1;
		return { rows: sites.length, own: sites.filter((row) => !row[folded]).length, folded: sum("folded", sites), small: sum("live_bytes", sites.filter((row) => row[folded])),
			largest: Math.max(...sites.map((row) => row[folded] ? 0 : row[columns.indexOf("live_bytes") + 1])),
			live: sum("live_bytes", sites), blocks: sum("live_blocks", sites), old: sum("old_bytes", sites), allocations: sum("allocations", sites), allocated: sum("allocated_bytes", sites) }; })()`);

	point("of a hundred thousand sites the largest have rows, and a page of them is in the document", all > 100000 && own.rows < 30000 && own.own > 1000 &&
		(await page.ask(`document.querySelector("#sites .status").textContent`)).includes(`of ${own.rows.toLocaleString("en-US")}`) &&
		await rows() === 50, [all, report.sites, own, await rows()]);
	same("each site has a row or is in one", own.own + own.folded, report.sites);
	same("with the others summed up nothing is lost", [own.live, own.blocks, own.old, own.allocations, own.allocated], report.sums);
	same("the page says how many are summed up, and how much that is", await page.ask(`document.querySelector("#folded").textContent`),
		`${own.folded.toLocaleString("en-US")} of ${all.toLocaleString("en-US")} sites are too small for a row of their own: ` +
			`${(100 * own.small / own.live).toFixed(1)} % of the live bytes, summed up by the caller that they have in common.`);
	point("the flame graph has what is summed up, too", (await page.ask(frames))[0].startsWith("all: 1.0 MiB, 100.0 %"), (await page.ask(frames))[0]);
	await page.click(`${head(1)} button`);
	await page.click(`#sites .pager button:last-child`);
	point("sorted, and on the last page, there are still no more", await rows() <= 50 && await page.ask(
		`document.querySelector("#sites .status").textContent.includes("to ${own.rows.toLocaleString("en-US")} of")`),
	await page.ask(`document.querySelector("#sites .status").textContent`));
	await page.type("#filter", "nowhere");
	await page.until(`document.querySelector("#sites .status").textContent.startsWith("No rows")`);
	await page.type("#filter", "right");
	await page.until(`document.querySelectorAll("#sites tbody tr").length > 0`);
	point("the filter goes through all of them", await rows() === 50, await rows());
	const n = await page.ask("document.querySelectorAll('*').length");

	point("the document stays small: elements", n < 20000, n);
	await page.click("#flame g.frame:nth-of-type(9)");
	point("the zoomed flame graph has few elements", await page.ask("document.querySelectorAll('#flame g.frame').length") < 5000, null);
	quiet("many sites", page);
	await page.screenshot(`${screenshots}/many.png`);
	await page.close();
}

/* ---- snapshots with doubts ---- */

async function doubts() {
	const page = await opened("sampled");

	point("a sampled snapshot says so at the top", (await page.ask(texts("#summary .warning"))).some((t) => t.startsWith("Sampled")),
		await page.ask(texts("#summary .warning")));
	await page.close();
	const broken = await opened("incomplete");

	point("an incomplete one does, with what is missing", (await broken.ask(texts("#summary .warning"))).some((t) => t.includes("not complete")),
		await broken.ask(texts("#summary .warning")));
	await broken.close();
	const several = await opened("several");

	point("several snapshots have a part of their own", await several.ask("document.querySelector('#snapshots canvas') !== null"), null);
	quiet("several snapshots", several);
	await several.close();
}

/* ---- a part of time ---- */

/* Against the report of what --born lets through. */
async function interval() {
	const page = await opened("planted", { width: 1280, height: 900 }), report = json("planted"), born = json("born");
	const rows = report.demographics.rows, [{ first_epoch: first }, { last_epoch: last }] = [rows[3], rows[5]];
	const choose = (from, to) => page.ask(`(() => {
		const pick = (id, text) => { const e = document.querySelector(id); e.value = [...e.options].find((o) => o.textContent.startsWith(text)).value; return e; };
		pick("#interval-from", "epoch ${from} ("); pick("#interval-to", "epoch ${to} (").dispatchEvent(new Event("change")); })()`);
	const live = born.sites.filter((s) => s.live_blocks), sum = live.reduce((n, s) => n + s.live_bytes, 0);
	const values = (selector) => `[...document.querySelectorAll("${selector}")].map((e) => Number(e.value))`;
	const whole = await page.ask(column(2));

	same("without a choice no bar tells of one", await page.ask(`document.querySelector("#interval")`), null);
	await page.type("#filter", "gw::");
	await page.until(`document.querySelector("#sites .status").textContent.includes("out of")`);
	await choose(first, last);
	point("a search stays when an interval is chosen", (await page.ask(texts("#sites tbody th"))).every((t) => t.includes("gw::")), await page.ask(texts("#sites tbody th")));
	await page.type("#filter", " ");
	await page.ask(`(() => { const e = document.querySelector("#filter"); e.value = ""; e.dispatchEvent(new Event("input")); })()`);
	await page.until(`!document.querySelector("#sites .status").textContent.includes("out of")`);
	same("an interval's sites have the bytes that --born counts", await page.ask(column(2)), live.map((s) => s.live_bytes).sort((a, b) => b - a).slice(0, 50));
	same("and its blocks", await page.ask(`[...document.querySelectorAll("#sites tbody tr > :nth-child(4)")].map((e) => Number(e.textContent.replaceAll(",", "")))`)
		.then((all) => all.reduce((a, b) => a + b, 0)), live.reduce((n, s) => n + s.live_blocks, 0));
	same("what types have in an interval adds up to the same", await page.ask(values("#types tbody tr > :nth-child(2) data")).then((all) => all.reduce((a, b) => a + b, 0)), sum);
	same("what threads have in an interval is what --born counts", await page.ask(values("#threads tbody tr > :nth-child(2) data")),
		report.threads.map((t, i) => [t, born.threads[i]]).filter(([t]) => t.live).map(([, t]) => t.live.bytes).sort((a, b) => b - a));
	await page.click("#sizes details summary");
	same("and its sizes", await page.ask(values("#sizes tbody tr > :nth-child(2) data")).then((all) => all.filter((v) => v)), born.sizes.map((s) => s.bytes).filter((v) => v));
	const all = await page.ask(frames);

	point("the flame graph is of the interval", all[0].startsWith("all: ") && all[0].includes(", 100.0 %") &&
		await page.ask(`document.querySelector("#flame input[name=weight][value=allocations]")`) === null, all[0]);
	point("the bar tells when that was and how much it is", await page.ask(`document.querySelector("#interval").textContent`).then((t) =>
		t.includes(`epochs ${first}\u2013${last} (`) && t.includes(`in ${live.reduce((n, s) => n + s.live_blocks, 0).toLocaleString("en-US")} blocks live`)),
	await page.ask(`document.querySelector("#interval").textContent`));
	same("the bar's bytes are those", await page.ask(data("#interval data")), sum);
	const lines = await page.ask(texts(".suspect .born:not([hidden])"));

	point("suspects tell what of them was allocated then", lines.length > 0 && lines.some((t) => /^Of the 7\.3 MiB .* 1\.2 MiB \(15\.9 %\) /.test(t)) &&
		lines.some((t) => / 0 B \(0\.0 %\) in 0 blocks /.test(t)), lines);
	await page.ask(axe);
	same("axe finds nothing while an interval is shown", await page.ask(`axe.run({ runOnly: ["wcag2a", "wcag2aa"] }).then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))`), []);
	await page.screenshot(`${screenshots}/interval.png`, false);
	await page.click("#interval-all");
	same("all of time is what it was", [await page.ask(column(2)), await page.ask(`document.querySelector("#interval").checkVisibility()`),
		await page.ask(`[...document.querySelectorAll(".born")].some((e) => e.checkVisibility())`)], [whole, false, false]);
	same("and the lists say so", await page.ask(`["#interval-from", "#interval-to"].map((id) => document.querySelector(id).selectedIndex)`), [0, rows.length - 1]);
	await page.drag("#demographics .u-over", 0.17, 0.31);
	const drawn = await page.ask(`["#interval-from", "#interval-to"].map((id) => document.querySelector(id).selectedIndex)`);

	point("an interval can be drawn in the chart", drawn[0] > 0 && drawn[0] < drawn[1] && drawn[1] < rows.length - 1 &&
		await page.ask(`document.querySelector("#interval").checkVisibility()`), drawn);
	quiet("an interval", page);
	await page.close();
	const phone = await opened("mark", { width: 360, height: 740 });

	const marks = json("mark").marks;

	same("marks are where an interval can begin", (await phone.ask(texts("#interval-from option"))).filter((t) => t.includes("mark")).map((t) => t.replace(/ [(].*?[)]/, "")),
		marks.map((m) => `epoch ${m.epoch}, mark ${m.label}`));
	await phone.ask(`document.querySelector("#interval-to").dispatchEvent(new Event("change"))`);
	same("the bar fits a phone's width", await phone.ask("document.documentElement.scrollWidth <= innerWidth"), true);
	await phone.screenshot(`${screenshots}/interval-phone.png`, false);
	await phone.close();
}

/* ---- what has changed ---- */

async function diff() {
	const page = await opened("diff", { width: 1280, height: 900 }), report = json("diff");
	const growths = report.sites.map((s) => s.growth.bytes).sort((a, b) => b - a);

	same("a comparison's figures are those of its JSON", [await page.ask(data("#before data")), await page.ask(data("#after data")),
		await page.ask(data("#growth data"))], [report.before.bytes, report.after.bytes, report.growth.bytes]);
	same("the diff page's sites are sorted by growth", await page.ask(column(3)), growths.slice(0, 50));
	same("the diff page's types are sorted by growth", await page.ask(`[...document.querySelectorAll("#types tbody tr > :nth-child(3)")].map((e) => Number(e.firstChild.value))`),
		report.types.map((t) => t.growth.bytes).sort((a, b) => b - a).slice(0, 50));
	same("each site has a chart of its own, up to twelve", await page.ask("document.querySelectorAll('#trends .multiples canvas').length"),
		Math.min(12, report.sites.length));
	const up = growths.filter((v) => v > 0).reduce((a, b) => a + b, 0);

	point("the flame graph is as wide as all growth", await page.ask(frames).then((all) =>
		all.some((text) => text.startsWith("all: ") && text.includes("100.0 %"))) &&
		await page.ask(`${frames}.some((text) => text.startsWith("remember_user "))`) && up > 0, await page.ask(frames));
	await page.click(LAYOUT("flame"));
	await layoutOf(page, "a comparison", false);
	const isOwnFrame = (name) => !/^(__libc_start|_start|start_thread|clone|operator new|std::)/.test(name);
	const before = await page.ask(frames);

	await page.click(OWN);
	const own = await page.ask(frames);

	point("a comparison's flame graph shows own code alone when asked", before.some((text) => text.startsWith("__libc_start_call_main ")) &&
		own.every((text) => isOwnFrame(text)) && own.some((text) => text.startsWith("remember_user ")), [before, own]);
	same("and loses none of the growth", own.find((text) => text.startsWith("all: ")), before.find((text) => text.startsWith("all: ")));
	await page.click(OWN);
	const byFunction = new Map();

	for (const s of report.sites)
		byFunction.set(s.function, (byFunction.get(s.function) ?? 0) + s.growth.bytes);
	await page.ask(`(() => { const e = document.querySelector("#group"); e.value = "function"; e.dispatchEvent(new Event("change")); })()`);
	same("a comparison's sites are summed up by function", [await page.ask(texts("#sites tbody th .name")), await page.ask(column(3))],
		[...byFunction].sort((a, b) => b[1] - a[1]).reduce(([names, sums], [name, sum]) => [[...names, name], [...sums, sum]], [[], []]));
	await page.click("#sites tbody .opener");
	await page.click("#sites tr.more .link");
	same("and lead to each of them", await page.ask(`[document.querySelector("#group").value, document.querySelectorAll("#sites tr.more > td > ol.stack").length]`), ["", 1]);
	await page.click("#sites tbody .opener[aria-expanded=true]");
	await page.type("#filter", "remember_user");
	await page.until(`document.querySelector("#sites .status").textContent.includes("out of")`);
	point("the diff page's filter leaves what it names", await page.ask(`${texts("#sites tbody th")}.length ===
		${report.sites.filter((s) => s.frames.some((f) => f.function === "remember_user")).length}`), await page.ask(texts("#sites tbody th")));
	same("where nothing can be searched there is no search", await page.ask(`document.querySelector("#finder").checkVisibility()`), false);
	quiet("a comparison", page);
	await page.ask(axe);
	const broken = await page.ask(`axe.run({ runOnly: ["wcag2a", "wcag2aa"] }).then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))`);

	same("axe finds nothing in it", broken, []);
	await page.screenshot(`${screenshots}/diff.png`);
	await page.close();
}

/* ---- many processes ---- */

async function merge() {
	const page = await opened("merge", { width: 1280, height: 900 }), report = json("merge");
	const out = report.processes.findIndex((p) => p.stands_out_at > 0);

	same("the page of many processes names the one that stands out, and where", await page.ask(`document.querySelector("#summary .sentence").textContent`),
		`pid ${report.processes[out].pid} has 656.3 KiB at grow_table, where the median is 109.4 KiB.`);
	same("its figures are those of its JSON", [await page.ask(data("#live data")), await page.ask(data("#median data"))],
		[report.totals.live.bytes, report.totals.live_bytes.median]);
	same("no word stands for what is not there", await page.ask(`/\\b(null|undefined|NaN)\\b/.exec(document.querySelector("main").innerText)`), null);
	same("at the top the first part is marked", await page.ask(`document.querySelector("#nav [aria-current]").textContent`), "Summary");
	same("outliers are the first of the processes", await page.ask(`[...document.querySelectorAll("#processes tbody tr")].map((e) => [e.children[0].textContent, Number(e.children[2].firstChild.value)])`),
		report.processes.map((p) => [`pid ${p.pid}`, p.counted.bytes]).sort((a, b) => b[1] - a[1]));
	await page.click("#processes tbody .opener");
	point("one of them tells where it has more", await page.ask(texts("#processes tr.more li")).then(([first]) => first.startsWith("656.3 KiB where the median is 109.4 KiB: ") &&
		first.includes("grow_table")), await page.ask(texts("#processes tr.more")));
	same("each site has bars of its own, up to twelve, with the outlier in words", await page.ask(`[...document.querySelectorAll("#multiples li")].map((e) => [e.querySelector("canvas") !== null,
		e.querySelector(".small-plot").getAttribute("aria-label").includes("outlier: pid ${report.processes[out].pid} with 656.3 KiB")])`),
	report.by_process.map(({ site }) => [true, report.sites[site].live_bytes.standing_out > 0]));
	const colours = await page.ask(`(() => { const c = document.querySelector("#multiples canvas"), { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
		const seen = [0, 0]; for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) seen[data[i] > data[i + 2] ? 0 : 1]++; return seen; })()`);

	/* Its bar is six times as high as each of the four others. */
	point("the outlier's bar is red, the others are not", Math.abs(colours[0] / colours[1] - 6 / 4) < 0.2, colours);
	same("findings say how many processes have them", await page.ask(`[...document.querySelectorAll("#findings tbody tr")].map((e) => e.children[1].textContent)`),
		report.findings.map((f) => `${f.processes} of ${report.processes.length}`));
	same("sites of many processes are sorted by live bytes", await page.ask(column(2)), report.sites.map((s) => s.live.bytes).sort((a, b) => b - a));
	const byFunction = new Map();

	for (const s of report.sites)
		byFunction.set(s.function, (byFunction.get(s.function) ?? 0) + s.live.bytes);
	await page.ask(`(() => { const e = document.querySelector("#group"); e.value = "function"; e.dispatchEvent(new Event("change")); })()`);
	same("and summed up by function", await page.ask(column(2)), [...byFunction.values()].sort((a, b) => b - a));
	same("types have the processes that have them", await page.ask(`[...document.querySelectorAll("#types tbody tr")].map((e) => [Number(e.children[1].firstChild.value), e.children[3].textContent])`),
		report.types.map((t) => [t.live.bytes, String(t.processes)]));
	const all = await page.ask(frames);

	point("the flame graph has the live bytes of all", all.some((text) => text.startsWith("all: 1.2 MiB, 100.0 %")) && all.some((text) => text.startsWith("grow_table")), all);
	quiet("many processes", page);
	await page.ask(axe);
	same("axe finds nothing there", await page.ask(`axe.run({ runOnly: ["wcag2a", "wcag2aa"] }).then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))`), []);
	await page.screenshot(`${screenshots}/merge.png`);
	await page.close();
	const phone = await opened("merge", { width: 360, height: 740 });

	same("many processes fit a phone's width", await phone.ask("document.documentElement.scrollWidth <= innerWidth"), true);
	await phone.screenshot(`${screenshots}/merge-phone.png`);
	await phone.close();
}

/* A test that breaks off is a failure with its reason. */
for (const test of [demo, planted, switches, hostile, many, doubts, interval, diff, merge]) {
	if (only.length && !only.includes(test.name))
		continue;
	try {
		await test();
	} catch (error) {
		point(`${test.name} goes through to its end`, false, String(error.stack ?? error));
	}
}
await browser.close();
