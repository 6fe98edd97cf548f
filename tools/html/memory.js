/* memory.js -- memory over time, by birth, between blocks, and outside of the heap.
 *
 * In:   the report.
 * Out:  the parts "Timeline", "Live memory over time", "Live memory by age", "Fragmentation",
 *       "Snapshots", "Sizes", "Waste", "Threads" and "External memory".
 *
 * SPDX-License-Identifier: MIT
 */

/* ---- timeline ---- */

/* Epochs are recorded at their end; the snapshot is the last point. */
function timelinePoints(report) {
	const { memory, process } = report;
	const points = report.cohorts.epochs.map((e) => ({ ...e, last: e.epoch + e.n_epochs - 1 }))
		.filter((e, i, all) => e.rss && (i === 0 || e.time > all[i - 1].time));
	const end = points.length ? points[points.length - 1].time : -1;

	if (process.uptime_seconds > end)
		points.push({ ...memory, time: process.uptime_seconds, last: process.epoch });
	return points;
}

part({
	id: "timeline",
	title: "Timeline",
	has: (report) => report.cohorts.epochs.length > 0,
	draw(report, place) {
		const points = timelinePoints(report);
		const series = [
			["rss", "rss, resident in memory", "c1"], ["heap_total", "heap total, mapped by the allocator", "c2"],
			["heap_used", "heap used, requested and not freed", "c3"], ["external", "external, mapped by the program itself", "c4"],
		];
		const chart = new Chart({
			title: "Memory over time: rss, heap total, heap used and external",
			xs: points.map((p) => p.time),
			xText: (i) => `${durationText(points[i].time)}, epoch ${countText(points[i].last)}`,
			xTick: durationText,
			xName: "time since the start; a tick for each epoch",
			table: "Time, end of epoch",
			series: series.map(([key, name, hue]) => ({ name, colour: hue, values: points.map((p) => p[key]) })),
			ticks: points.map((p) => p.time),
			marks: report.marks.map((m) => ({ x: m.time, label: m.label })),
		});

		place.append(element("p", {}, "Heap used that rises from left to right is growth; a gap between heap total and heap used is free or fragmented."),
		chart.element);
		if (report.marks.length)
			place.append(element("details", {}, element("summary", {}, countOf(report.marks.length, "mark") + " of the program"),
				new Table({
					caption: "Marks",
					columns: [
						{ title: "Mark", value: (m) => m.label, cell: (m) => shortened(m.label, 200) },
						{ title: "Time", isNumber: true, value: (m) => m.time, cell: (m) => durationText(m.time) },
						{ title: "Epoch", isNumber: true, value: (m) => m.epoch },
					],
					rows: report.marks,
				}).element));
	},
});

/* ---- consumption ---- */

part({
	id: "consumption",
	title: "Live memory over time",
	has: (report) => report.consumption.rows.length > 0,
	draw(report, place) {
		const { sites, rows } = report.consumption;
		const parts = sites.map((site, i) => ({
			name: `S${site.site} ${stackLine(site.frames, 2)}`, colour: `c${i + 1}`,
			values: rows.map((row) => row.bytes_by_site[i]),
		}));

		if (rows.some((row) => row.bytes_of_others))
			parts.push({ name: "all other sites", colour: "c7", values: rows.map((row) => row.bytes_of_others) });
		place.append(
			element("p", {}, "Who held the memory when, by site. From one bar to the next the program has allocated as much as " +
				"from any other to its next, so that waiting does not count. What lived for less than that is not there."),
			new Chart({
				title: "Live bytes over time, stacked by site",
				isStacked: true,
				xs: rows.map((row, i) => i),
				xText: (i) => `After ${durationText(rows[i].time)}, ${sizeText(rows[i].allocated_bytes)} allocated`,
				xTick: (x) => Number.isInteger(x) && rows[x] ? durationText(rows[x].time) : "",
				xName: "time, at equal steps of allocation",
				table: "Time",
				series: parts,
			}).element);
	},
});

/* ---- demographics ---- */

function birthText(row) {
	return row.first_epoch === row.last_epoch ? countText(row.first_epoch) :
		`${countText(row.first_epoch)}\u2013${countText(row.last_epoch)}`;
}

/* How many bytes died in the epoch of their birth: nothing is known of them but that. */
function youngDeaths(report) {
	const epochs = report.cohorts.epochs.filter((e) => e.last !== report.process.epoch);
	const sum = (key) => epochs.reduce((total, e) => total + e[key], 0);

	return { allocated: sum("allocated_bytes"), survived: sum("survived_bytes") };
}

part({
	id: "demographics",
	title: "Live memory by age",
	has: (report) => report.demographics.rows.length > 0,
	draw(report, place) {
		const { sites, rows } = report.demographics;
		const now = report.process.epoch;
		const { allocated, survived } = youngDeaths(report);
		const bars = sites.map((site, i) => ({
			name: `S${site.site} ${stackLine(site.frames, 2)}`, colour: `c${i + 1}`,
			values: rows.map((row) => row.bytes_by_site[i]),
		}));

		if (rows.some((row) => row.bytes_of_others))
			bars.push({ name: "all other sites", colour: "c7", values: rows.map((row) => row.bytes_of_others) });
		place.append(
			element("p", {}, "Live memory by the epoch of its allocation: old on the left, young on the right. " +
				"The line is what survived its birth epoch; the space between it and the bars was freed later. " +
				"Even bars to the left are memory that accumulates; a single tall bar was loaded once."),
			report.births?.periods.length > 1 ? intervalControls(report) : null,
			new Chart({
				title: "Live bytes by birth epoch, stacked by site",
				isStacked: true,
				xs: rows.map((row, i) => i),
				xText: (i) => `Birth epoch ${birthText(rows[i])} (age ${countText(Math.max(0, now - rows[i].last_epoch))} ` +
					`to ${countText(Math.max(0, now - rows[i].first_epoch))})`,
				xTick: (x) => Number.isInteger(x) && rows[x] ? birthText(rows[x]) : "",
				xName: "birth epoch",
				table: "Birth epoch",
				select: report.births?.periods.length > 1 ? (first, last) => chooseInterval(report, intervalOfRows(report, first, last)) : null,
				series: [...bars, { name: "survived the birth epoch", colour: "text", isLine: true,
					values: rows.map((row) => row.survived_bytes) }],
			}).element);
		if (allocated)
			place.append(element("p", {}, `Of ${sizeText(allocated)} allocated in epochs that have ended, `,
				element("strong", {}, shareText(allocated - survived, allocated)),
				` were temporary: freed before their epoch was over; ${sizeText(survived)} survived it.`));
		place.append(element("p", {}, "Young now: ", size(report.cohorts.young.bytes), " in ",
			countOf(report.cohorts.young.blocks, "block"), "; old: ", size(report.cohorts.old.bytes), " in ",
			countOf(report.cohorts.old.blocks, "block"),
			report.cohorts.unknown_birth.blocks ? [", of these with unknown birth epoch: ", size(report.cohorts.unknown_birth.bytes)] : null, "."));
	},
});

/* ---- fragmentation ---- */

part({
	id: "fragmentation",
	title: "Fragmentation",
	has: (report) => report.memory.fragmentation !== null,
	draw(report, place) {
		const f = report.memory.fragmentation;
		const inPages = f.pages * f.page_bytes;
		const pieces = [
			["in blocks", f.used_bytes, "c3"],
			["free, in pages that compaction would keep", f.free_bytes_in_pages - f.giveback_bytes, "c7"],
			["compaction would free, not pinned", f.giveback_bytes - f.pinned_bytes, "c5"],
			["compaction would free, pinned by old blocks", f.pinned_bytes, "c2"],
		];
		const bar = element("div", { class: "bar", "aria-hidden": "true" }, pieces.map(([name, bytes, hue]) => {
			const piece = element("span");

			piece.style.width = `${inPages ? 100 * bytes / inPages : 0}%`;
			piece.style.background = `var(--${hue})`;
			return piece;
		}));
		const about = report.findings.map((x, i) => [x, i]).filter(([x]) => x.kind === "fragmentation");

		place.append(
			element("p", {}, size(f.giveback_bytes), ` (${shareText(f.giveback_bytes, inPages)}) of ${countOf(f.pages, "page")} in use, `,
				size(inPages), ", would be freed by compaction."),
			bar,
			element("dl", { class: "keyed" }, pieces.map(([name, bytes, hue]) => {
				const key = element("span", { class: "key", "aria-hidden": "true" });

				key.style.setProperty("--key", `var(--${hue})`);
				return element("div", {}, element("dt", {}, key, name), element("dd", {}, size(bytes)));
			})));
		for (const [x] of about)
			place.append(element("p", { class: "name" }, x.summary));
	},
});

/* ---- several snapshots of the process ---- */

part({
	id: "snapshots",
	title: "Snapshots",
	has: (report) => Boolean(report.snapshots),
	draw(report, place) {
		const all = report.snapshots;

		if (all.length > 1)
			place.append(new Chart({
				title: "Live and reachable bytes, from snapshot to snapshot",
				xs: all.map((s) => s.uptime_seconds),
				xText: (i) => `${durationText(all[i].uptime_seconds)}, ${baseName(all[i].file)}`,
				xTick: durationText,
				xName: "time since the start",
				table: "Snapshot",
				series: [
					{ name: "live", colour: "c1", isLine: true, values: all.map((s) => s.live_bytes) },
					{ name: "reachable", colour: "c3", isLine: true, values: all.map((s) => s.reachable_bytes) },
				],
				marks: all.filter((s) => s.mark).map((s) => ({ x: s.uptime_seconds, label: s.mark })),
			}).element);
		if (report.settle)
			place.append(element("p", { class: "name" }, report.settle.missing ?? (report.settle.verdict === null ?
				"No growth under load." : `After load: ${report.settle.verdict}, ${Math.round(100 * report.settle.share)} % is still live.`)));
	},
});

/* ---- sizes and threads ---- */

part({
	id: "sizes",
	title: "Sizes",
	follows: true,
	has: (report) => report.sizes.length > 1,
	draw(report, place) {
		const { sizes } = report;

		place.append(
			element("p", {}, "Live blocks by what was requested, in steps of a factor of two, with the slack that the allocator adds."),
			new Chart({
				title: "Live bytes by size of blocks",
				isStacked: true,
				xs: sizes.map((s, i) => i),
				xText: (i) => `${sizeText(sizes[i].least)} to ${sizeText(sizes[i].most)}, ${countOf(sizes[i].blocks, "block")}`,
				xTick: (x) => Number.isInteger(x) && sizes[x] ? sizeText(sizes[x].least) : "",
				xName: "size of a block, from",
				table: "Size",
				series: [
					{ name: "requested", colour: "c3", values: sizes.map((s) => s.bytes) },
					{ name: "slack", colour: "c2", values: sizes.map((s) => s.usable_bytes - s.bytes) },
				],
			}).element);
	},
});

/* ---- waste ---- */

part({
	id: "waste",
	title: "Waste",
	has: (report) => report.sites.some((s) => s.waste),
	draw(report, place) {
		const { waste } = report;
		const bytes = (title, key, hint) => ({ title, hint, isNumber: true, value: (s) => s.waste[key], cell: (s) => size(s.waste[key]) });
		const name = (s) => stackLine(report.tree.stack(s.node), 3);

		place.append(
			element("p", {}, `${sizeText(waste.bytes)}, ${shareText(waste.share, 1)} of the live heap` +
				`${waste.when === "now" ? "" : " before the program cleaned up"}, hold nothing or the same as other blocks of their site. ` +
				"It may be meant to be so: a table is new or sparse, a ring is empty." +
				(waste.is_estimate ? " Copies are estimates." : "")),
			new Table({
				caption: "Zeros and copies in live blocks",
				columns: [
					{ title: "Site", value: name, cell: (s) => element("span", { class: "name" }, `S${s.site} ${name(s)}`) },
					bytes("Waste", "bytes", "all zero, zeros at the end, and copies"),
					bytes("All zero", "zero_bytes", "blocks with no other byte than zero"),
					bytes("Zeros at the end", "tail_bytes", "behind the last other byte, of blocks from 64 bytes on"),
					bytes("Copies", "copy_bytes", "blocks of which another one has the same content"),
					{ title: "Contents", hint: "different ones, of the blocks that were compared", isNumber: true,
						value: (s) => s.waste.distinct_contents },
					bytes("Untouched", "untouched_bytes", "pages that nobody has written to; they take no memory"),
				],
				rows: report.sites.filter((s) => s.waste),
				sorted: { column: 1, isFalling: true },
				open: (s) => stackList(report.tree.stack(s.node)),
			}).element);
	},
});

part({
	id: "threads",
	title: "Threads",
	follows: true,
	has: (report) => report.threads.filter((t) => t.live).length > 1,
	draw(report, place) {
		place.append(new Table({
			caption: "Live blocks by the thread that allocated them",
			columns: [
				{ title: "Thread", value: (t) => `${t.name} ${t.tid}`,
					cell: (t) => element("span", { class: "name" }, `${shortened(t.name, 40)} ${t.tid}`) },
				{ title: "Bytes", isNumber: true, value: (t) => t.live.bytes, cell: (t) => size(t.live.bytes) },
				{ title: "Blocks", isNumber: true, value: (t) => t.live.blocks },
				{ title: "State", value: (t) => t.main ? "main thread" : t.alive ? "runs" : "has ended" },
			],
			rows: report.threads.filter((t) => t.live),
			sorted: { column: 1, isFalling: true },
			open: (t) => t.frames?.length ? stackList(t.frames) :
				element("p", {}, "It could not be stopped, or has ended."),
		}).element);
	},
});

/* ---- external memory ---- */

part({
	id: "mappings",
	title: "External memory",
	has: (report) => report.mappings.length > 0,
	draw(report, place) {
		place.append(new Table({
			caption: "Memory that the program mapped itself",
			columns: [
				{ title: "Site", value: (m) => stackLine(m.frames, 3), cell: (m) => element("span", { class: "name" }, stackLine(m.frames, 3)) },
				{ title: "Bytes", isNumber: true, value: (m) => m.bytes, cell: (m) => size(m.bytes) },
				{ title: "Old", isNumber: true, value: (m) => m.old_bytes, cell: (m) => size(m.old_bytes) },
				{ title: "Reserved", hint: "address space without access, not counted", isNumber: true,
					value: (m) => m.reserved_bytes, cell: (m) => size(m.reserved_bytes) },
				{ title: "Mappings", isNumber: true, value: (m) => m.count },
				{ title: "Kind", value: (m) => [m.shared ? "shared" : "private", m.file_backed ? "file" : null,
					m.executable ? "executable" : null].filter(Boolean).join(", "),
				cell: (m) => [m.shared ? "shared" : "private", m.file_backed ? "file" : null,
					m.executable ? "executable" : null].filter(Boolean).join(", ") },
			],
			rows: report.mappings,
			sorted: { column: 1, isFalling: true },
			open: (m) => stackList(m.frames),
		}).element);
	},
});
