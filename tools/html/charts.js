/* charts.js -- charts over a sequence: lines, or bars one on the other.
 *
 * In:   points and series.
 * Out:  an element with the chart (uPlot draws it), a legend whose entries switch
 *       series off and on, the values under the cursor in words, and all numbers
 *       as a table; small charts without all this.
 * Not here: what the numbers are (memory.js, diff.js, merge.js).
 *
 * SPDX-License-Identifier: MIT
 */

const charts = new Set();

/* A colour of style.css in words a canvas knows, in the colours of the day. */
function colour(name) {
	const probe = element("span");

	probe.style.color = `var(--${name})`;
	document.body.append(probe);
	const value = getComputedStyle(probe).color;
	probe.remove();
	return value;
}

class Chart {
	/* title      what it shows, in words: the picture's name
	 * xs         numbers, rising
	 * xText(i)   the i-th point in words
	 * xTick(x)   a mark of the axis in words
	 * xName      of the axis
	 * series     {name, colour, values, isLine}
	 * isStacked  bars one on the other; those with isLine are lines over them
	 * marks      {x, label} lines from top to bottom
	 * ticks      x of small ticks at the bottom
	 * select     called with the first and the last point of a stretch that the mouse has drawn
	 * table      column title of the points, for the table */
	constructor(options) {
		Object.assign(this, { marks: [], ticks: [], isStacked: false }, options);
		this.isShown = this.series.map(() => true);
		this.at = this.xs.length - 1;
		this.place = element("div", { class: "plot" });
		this.words = element("p", { class: "values", role: "status" });
		this.frame = element("div", { class: "chart", tabindex: 0, role: "group",
			"aria-label": `${this.title}. Left and right arrow keys go from point to point.`,
			keydown: (event) => this.key(event) }, this.place);
		this.legend = element("div", { class: "legend", role: "group", "aria-label": "Shown in the chart" },
			this.series.map((s, i) => this.entry(s, i)));
		this.element = element("div", { class: "chart-block" }, this.legend, this.frame, this.words,
			this.numbers());
		charts.add(this);
		new ResizeObserver(() => this.resize()).observe(this.place);
	}

	entry(series, i) {
		const entry = button([element("span", { class: series.isLine ? "key line" : "key", "aria-hidden": "true" }),
			element("span", { class: "name" }, series.name)], () => {
			this.isShown[i] = !this.isShown[i];
			entry.setAttribute("aria-pressed", String(this.isShown[i]));
			this.draw();
		}, { "aria-pressed": "true" });

		entry.firstChild.style.setProperty("--key", `var(--${series.colour})`);
		return entry;
	}

	numbers() {
		const details = element("details", {}, element("summary", {}, "The numbers as a table"));

		details.addEventListener("toggle", () => {
			if (details.open && !details.querySelector("table"))
				details.append(new Table({
					caption: this.title,
					columns: [{ title: this.table, value: (i) => this.xs[i], cell: (i) => this.xText(i) },
						...this.series.map((s) => ({ title: shortened(s.name, 60), isNumber: true,
							value: (i) => s.values[i] ?? 0,
							cell: (i) => s.values[i] === null ? "-" : size(s.values[i]) }))],
					rows: this.xs.map((x, i) => i),
				}).element);
		});
		return details;
	}

	/* Bars reach from the bottom to the sum of all that are below; the highest is
	 * drawn first. */
	columns() {
		const sum = this.xs.map(() => 0);
		const drawn = this.series.map((series, i) => {
			if (!this.isStacked || series.isLine)
				return series.values;
			if (this.isShown[i])
				series.values.forEach((v, k) => { sum[k] += v; });
			return [...sum];
		});

		return drawn;
	}

	uplotSeries(i) {
		const series = this.series[i], stroke = colour(series.colour);
		const isBar = this.isStacked && !series.isLine;

		return {
			label: series.name, show: this.isShown[i], stroke, width: isBar ? 0 : 2,
			fill: isBar ? stroke : undefined,
			paths: isBar ? uPlot.paths.bars({ size: [0.8, 80] }) : undefined,
			points: { show: this.xs.length < 3 || (series.isLine && this.isStacked && this.xs.length < 30) },
		};
	}

	draw() {
		const columns = this.columns();
		/* A stack's highest sum lies behind the lower ones; lines lie before all. */
		const order = this.series.map((s, i) => i);
		const grid = { stroke: colour("grid"), width: 1 };
		const axis = { stroke: colour("faint"), grid, ticks: grid, font: "12px system-ui, sans-serif" };

		if (this.isStacked)
			order.sort((a, b) => (this.series[a].isLine ? 1 : 0) - (this.series[b].isLine ? 1 : 0) || b - a);
		this.width = this.place.clientWidth;
		if (this.plot)
			this.plot.destroy();
		this.plot = new uPlot({
			width: Math.max(this.width, 200), height: 260, legend: { show: false },
			cursor: { drag: { x: !this.isStacked || Boolean(this.select), y: false, setScale: !this.select } },
			scales: {
				x: { time: false, range: this.isStacked ? (u, min, max) => [min - 0.6, max + 0.6] : undefined },
				y: { range: (u, min, max) => [0, max > 0 ? max * 1.08 : 1] },
			},
			axes: [
				{ ...axis, label: this.xName, labelFont: axis.font, labelSize: 20, values: (u, xs) => xs.map(this.xTick),
					incrs: this.isStacked ? [1, 2, 5, 10, 20, 50] : undefined },
				{ ...axis, size: 76, values: (u, ys) => ys.map((y) => sizeText(y)),
					incrs: Array.from({ length: 50 }, (none, i) => 2 ** i) },
			],
			series: [{}, ...order.map((i) => this.uplotSeries(i))],
			hooks: { draw: [(u) => this.drawMarks(u)], setCursor: [(u) => this.follow(u.cursor.idx)], setSelect: [(u) => this.drawn(u)] },
		}, [this.xs, ...order.map((i) => columns[i])], this.place);
		this.place.firstChild.setAttribute("aria-hidden", "true");
		this.say(this.at);
	}

	drawMarks(u) {
		const { ctx, bbox } = u, scale = devicePixelRatio;

		ctx.save();
		ctx.strokeStyle = ctx.fillStyle = colour("text");
		ctx.lineWidth = scale;
		ctx.font = `${12 * scale}px system-ui, sans-serif`;
		for (const x of this.ticks) {
			const at = Math.round(u.valToPos(x, "x", true));

			if (at < bbox.left || at > bbox.left + bbox.width)
				continue;
			ctx.globalAlpha = 0.35;
			ctx.fillRect(at, bbox.top + bbox.height - 5 * scale, scale, 5 * scale);
			ctx.globalAlpha = 1;
		}
		let end = -Infinity, row = 0;
		for (const mark of this.marks) {
			const at = Math.round(u.valToPos(mark.x, "x", true));
			const label = shortened(mark.label, 24);

			if (at < bbox.left || at > bbox.left + bbox.width)
				continue;
			/* Labels that would overlap go one line down. */
			row = at < end ? (row + 1) % 4 : 0;
			end = at + ctx.measureText(label).width + 8 * scale;
			ctx.setLineDash([4 * scale, 3 * scale]);
			ctx.beginPath();
			ctx.moveTo(at, bbox.top);
			ctx.lineTo(at, bbox.top + bbox.height);
			ctx.stroke();
			ctx.fillText(label, at + 4 * scale, bbox.top + (12 + 14 * row) * scale);
		}
		ctx.restore();
	}

	/* The point under the mouse; the last one when it has left. */
	follow(index) {
		this.say(index ?? this.at);
	}

	say(i) {
		this.words.replaceChildren(element("strong", {}, this.xText(i)), ...this.series.map((s) =>
			element("span", {}, `${shortened(s.name, 40)} ${s.values[i] === null ? "-" : sizeText(s.values[i])}`)));
	}

	drawn(u) {
		const { left, width } = u.select;

		if (this.select && width > 0)
			this.select(u.posToIdx(left), u.posToIdx(left + width));
	}

	key(event) {
		const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];

		if (step === undefined || event.target !== this.frame)
			return;
		event.preventDefault();
		this.at = Math.min(Math.max(this.at + step, 0), this.xs.length - 1);
		this.plot.setCursor({ left: this.plot.valToPos(this.xs[this.at], "x"), top: 10 });
		this.say(this.at);
	}

	resize() {
		if (this.place.clientWidth && this.place.clientWidth !== this.width)
			this.draw();
	}
}

/* One of many: all have the same x, each its own scale, since it is the shape that tells.  A line,
 * or where isMarked(i) is given a bar for each point, those red for which it holds. */
class SmallChart {
	constructor(xs, values, label, { isMarked = null } = {}) {
		Object.assign(this, { xs, values, isMarked });
		this.place = element("div", { class: "small-plot", role: "img", "aria-label": label });
		charts.add(this);
		new ResizeObserver(() => this.resize()).observe(this.place);
	}

	bars(name, isShown) {
		return { values: this.values.map((v, i) => isShown(i) ? v : null),
			series: { stroke: colour(name), fill: colour(name), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.8, 24] }) } };
	}

	draw() {
		const shown = this.isMarked ? [this.bars("c1", (i) => !this.isMarked(i)), this.bars("error", this.isMarked)] :
			[{ values: this.values, series: { stroke: colour("c1"), width: 2, points: { show: this.xs.length < 20 } } }];

		this.width = this.place.clientWidth;
		this.plot?.destroy();
		this.plot = new uPlot({
			width: Math.max(this.width, 120), height: 70, legend: { show: false }, cursor: { show: false },
			scales: { x: { time: false, range: this.isMarked ? (u, min, max) => [min - 0.6, max + 0.6] : undefined },
				y: { range: (u, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
			axes: [{ show: false }, { show: false }],
			series: [{}, ...shown.map(({ series }) => series)],
		}, [this.xs, ...shown.map(({ values }) => values)], this.place);
	}

	resize() {
		if (this.place.clientWidth && this.place.clientWidth !== this.width)
			this.draw();
	}
}

/* After the colours have changed.  What has left the page is forgotten. */
function redrawCharts() {
	for (const chart of charts)
		if (!chart.place.isConnected)
			charts.delete(chart);
		else if (chart.plot)
			chart.draw();
}
