/* start.js -- read the data, draw all parts, switch colours.
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
	document.getElementById("theme").setAttribute("aria-pressed", String(isDark()));
	redrawCharts();
}

function toggleTheme() {
	document.documentElement.dataset.theme = isDark() ? "light" : "dark";
	showTheme();
}

/* ---- the page ---- */

function drawHead(report) {
	const { process } = report;
	const name = shortened(baseName(process.executable || process.command || "") || "a program", 80);
	const time = process.snapshot_time ? new Date(process.snapshot_time * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC" : null;

	document.title = `${name}, heap report`;
	document.getElementById("title").textContent = name;
	document.getElementById("about").append(
		element("code", { class: "name", title: shortened(process.command ?? "", 2000) }, shortened(process.command ?? "", 160)),
		` \u00b7 pid ${process.pid} \u00b7 snapshot ${process.snapshot_number} (${process.snapshot_reason})`,
		time ? ` \u00b7 ${time}` : "",
		` \u00b7 after ${durationText(process.uptime_seconds)}, epoch ${countText(process.epoch)}`,
		` \u00b7 ${process.allocator}`);
}

/* What is wrong can be read while the rest is drawn. */
async function drawParts(report) {
	const main = document.getElementById("main"), nav = document.getElementById("nav");
	const shown = parts.filter((p) => (p.schema ?? SCHEMA_REPORT) === report.schema && (!p.has || p.has(report)));

	for (const p of shown) {
		p.place = element("section", { id: p.id, "aria-labelledby": `${p.id}-title` },
			element("h2", { id: `${p.id}-title` }, p.title));
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
	const target = document.getElementById(location.hash.slice(1));

	if (!target || !target.classList.contains("finding"))
		return;
	for (let e = target.querySelector("details"); e; e = e.parentElement.closest("details"))
		e.open = true;
	target.focus();
}

async function start() {
	document.getElementById("theme").addEventListener("click", toggleTheme);
	darkWanted.addEventListener("change", showTheme);
	addEventListener("hashchange", openTarget);
	try {
		const report = readReport();

		if (report.schema === SCHEMA_DIFF)
			drawDiffHead(report);
		else
			drawHead(report);
		await drawParts(report);
		openTarget();
	} catch (error) {
		const trouble = document.getElementById("trouble");

		trouble.textContent = `This report cannot be shown: ${error}`;
		trouble.hidden = false;
		throw error;
	}
	showTheme();
	document.documentElement.dataset.ready = "yes";
}

start();
