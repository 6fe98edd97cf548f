/* start.js -- read the data, draw all parts, find one's way, switch colours.
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- colours ---- */

const darkWanted = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
	const { theme } = document.documentElement.dataset;

	return theme ? theme === "dark" : darkWanted.matches;
}

function showTheme() {
	document.getElementById("theme").textContent = isDark() ? "Light colours" : "Dark colours";
	redrawCharts();
}

function toggleTheme() {
	document.documentElement.dataset.theme = isDark() ? "light" : "dark";
	showTheme();
}

/* ---- the page ---- */

function drawHead(report) {
	const { process } = report;
	const name = shortened(baseName(process.program || process.executable || process.command || "") || "a program", 80);
	const time = process.snapshot_time ? new Date(process.snapshot_time * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC" : null;

	document.title = `${name}, heap report`;
	document.getElementById("title").textContent = name;
	document.getElementById("about").append(
		element("code", { class: "name", title: shortened(process.command ?? "", 2000) }, shortened(process.command ?? "", 160)),
		` \u00b7 pid ${process.pid} \u00b7 snapshot ${process.snapshot_number} (${process.snapshot_reason})`,
		time ? ` \u00b7 ${time}` : "",
		` \u00b7 after ${durationText(process.uptime_seconds)}, epoch ${countText(process.epoch)}`,
		` \u00b7 ${process.allocator}`);
	document.getElementById("about").title = shortened(document.getElementById("about").textContent, 2000);
}

/* What is wrong can be read while the rest is drawn. */
async function drawParts(report) {
	const main = document.getElementById("main"), nav = document.getElementById("nav");
	const shown = parts.filter((p) => (p.schema ?? SCHEMA_REPORT) === report.schema && (!p.has || p.has(report)));

	for (const p of shown) {
		p.place = element("section", { id: p.id, "aria-labelledby": `${p.id}-title` },
			element("h2", { id: `${p.id}-title`, tabindex: -1 }, p.title));
		main.append(p.place);
		nav.append(element("li", {}, element("a", { href: `#${p.id}` }, p.title)));
	}
	for (const p of shown) {
		p.draw(report, p.place);
		await new Promise((go) => setTimeout(go));
	}
}

/* A link to a finding shows all of it. */
function openTarget() {
	const number = /^#finding-([0-9]+)$/.exec(location.hash);

	if (number)
		showFinding(Number(number[1]));
	const target = document.getElementById(location.hash.slice(1));

	if (!target || !target.classList.contains("finding"))
		return;
	for (let e = target.querySelector("details"); e; e = e.parentElement.closest("details"))
		e.open = true;
	target.focus();
	target.scrollIntoView();
}

/* ---- where one is ---- */

/* Mark the part that is at the top of the window. */
function markPart() {
	const links = [...document.querySelectorAll("#nav a")];
	const isAtTop = scrollY === 0;
	const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2 && scrollY > 0;
	const passed = links.filter((a) => document.getElementById(a.hash.slice(1)).getBoundingClientRect().top <= innerHeight / 3);
	const here = isAtTop ? links[0] : isAtEnd ? links.at(-1) : passed.at(-1) ?? links[0];

	for (const a of links)
		if (a === here)
			a.setAttribute("aria-current", "true");
		else
			a.removeAttribute("aria-current");
}

function goTo(id) {
	if (location.hash === `#${id}`)
		openTarget();
	location.hash = id;
	document.getElementById(id)?.scrollIntoView();
}

/* ---- keys ---- */

/* Where j and k stop: parts, suspects, findings. */
function stops() {
	return [...document.querySelectorAll("main > section > h2, .suspect .what a, .finding")].filter((e) => e.checkVisibility());
}

function step(by) {
	const all = stops(), at = all.indexOf(document.activeElement);
	const below = all.findIndex((e) => e.getBoundingClientRect().top >= 0);
	const next = all[at >= 0 ? at + by : by > 0 ? below : below - 1];

	if (!next)
		return;
	next.focus({ preventScroll: true });
	next.scrollIntoView({ block: next.matches("h2") ? "start" : "nearest" });
}

/* The arrows go through lists of links and rows as Tab does, without what is between. */
function arrow(event, by) {
	const list = event.target.closest(".suspects, tbody, #results");
	const all = list ? [...list.querySelectorAll(".what a, .opener, .hit")] : [];
	const next = all[all.indexOf(event.target) + by];

	if (!all.includes(event.target))
		return;
	event.preventDefault();
	(next ?? (by < 0 && list.id === "results" ? document.getElementById("search") : null))?.focus();
}

function keyPressed(event) {
	if (event.ctrlKey || event.metaKey || event.altKey)
		return;
	if (event.key === "ArrowDown" || event.key === "ArrowUp")
		arrow(event, event.key === "ArrowDown" ? 1 : -1);
	if (event.target.closest("input, select, textarea, dialog"))
		return;
	if (event.key === "/") {
		event.preventDefault();
		document.getElementById("search").focus();
		document.getElementById("search").select();
	} else if (event.key === "j" || event.key === "k") {
		step(event.key === "j" ? 1 : -1);
	}
}

/* ---- search everywhere ---- */

function hideResults() {
	document.getElementById("results").hidden = true;
}

function showResults(text) {
	const place = document.getElementById("results"), test = textTest(text);
	const groups = [...searchers].map(([title, find]) => ({ title, ...find(test) })).filter(({ n }) => n > 0);

	place.replaceChildren(
		element("p", { role: "status" }, groups.length ? groups.map(({ title, n }) => `${title}: ${countText(n)}`).join(", ") : "Nothing found."),
		...groups.map(({ title, n, found }) => element("div", {}, element("p", { class: "group" }, title),
			element("ul", {}, found.map(({ label, go }) => element("li", {},
				button(element("span", { class: "name" }, shortened(label, 200)), () => { hideResults(); go(); }, { class: "hit" }))),
			n > found.length ? element("li", { class: "remark" }, `and ${countText(n - found.length)} more`) : null))));
	place.hidden = false;
}

function searchEverywhere() {
	const input = document.getElementById("search");

	input.addEventListener("input", afterTyping(() => input.value.trim() ? showResults(input.value.trim()) : hideResults()));
	document.getElementById("finder").addEventListener("keydown", (event) => {
		const [first] = document.querySelectorAll("#results .hit");

		if (event.key === "Escape") {
			hideResults();
			input.focus();
		} else if (event.target === input && first && event.key === "Enter") {
			first.click();
		} else if (event.target === input && first && event.key === "ArrowDown") {
			event.preventDefault();
			first.focus();
		}
	});
	document.addEventListener("click", (event) => {
		if (!event.target.closest("#finder"))
			hideResults();
	});
}

/* Paper shows what is folded of the findings, in light colours. */
function print() {
	document.querySelectorAll(".finding > details").forEach((e) => { e.open = true; });
}

async function start() {
	document.getElementById("theme").addEventListener("click", toggleTheme);
	darkWanted.addEventListener("change", showTheme);
	addEventListener("hashchange", openTarget);
	addEventListener("scroll", () => requestAnimationFrame(markPart), { passive: true });
	addEventListener("keydown", keyPressed);
	addEventListener("beforeprint", print);
	searchEverywhere();
	try {
		const report = readReport();

		const heads = { [SCHEMA_REPORT]: drawHead, [SCHEMA_DIFF]: drawDiffHead, [SCHEMA_MERGE]: drawMergeHead };

		beginView(report);
		heads[report.schema](report);
		await drawParts(report);
		openTarget();
	} catch (error) {
		const trouble = document.getElementById("trouble");

		trouble.textContent = `This report cannot be shown: ${error}`;
		trouble.hidden = false;
		throw error;
	}
	showTheme();
	markPart();
	document.getElementById("finder").hidden = searchers.size === 0;
	document.documentElement.dataset.ready = "yes";
}

start();
