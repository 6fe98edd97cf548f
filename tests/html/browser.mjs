/* browser.mjs -- a headless Chromium, driven over a pipe.
 *
 * In:   what to open, press, click, ask.
 * Out:  answers; all that the page complained of or asked the network for.
 * Not here: what is expected (page.mjs).
 *
 * The DevTools protocol on descriptors 3 and 4, messages ended by a NUL: nothing
 * is needed but Node.js and the browser.
 *
 * SPDX-License-Identifier: MIT
 */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";

export class Browser {
	/* profile: a directory of its own.  Root, as in containers, has no sandbox. */
	constructor(program, profile) {
		const options = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`,
			"--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--disable-extensions", "--force-color-profile=srgb"];

		if (process.getuid() === 0)
			options.push("--no-sandbox");
		this.process = spawn(program, options, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true });
		this.process.on("exit", () => this.fail(new Error("the browser has ended")));
		this.process.on("error", (error) => this.fail(error));
		this.waiting = new Map();
		this.next = 1;
		this.listeners = [];
		let rest = "";
		this.process.stdio[4].setEncoding("utf8");
		this.process.stdio[4].on("data", (text) => {
			const messages = (rest + text).split("\0");

			rest = messages.pop();
			messages.forEach((message) => this.receive(JSON.parse(message)));
		});
		this.process.stdio[3].on("error", () => {});
	}

	fail(error) {
		for (const { reject } of this.waiting.values())
			reject(error);
		this.waiting.clear();
		this.isOver = error;
	}

	receive(message) {
		const waiter = this.waiting.get(message.id);

		if (!waiter) {
			this.listeners.forEach((listener) => listener(message));
			return;
		}
		this.waiting.delete(message.id);
		if (message.error)
			waiter.reject(new Error(`${waiter.method}: ${message.error.message}`));
		else
			waiter.resolve(message.result);
	}

	send(method, params = {}, sessionId = undefined) {
		const id = this.next++;

		if (this.isOver)
			return Promise.reject(this.isOver);
		return new Promise((resolve, reject) => {
			this.waiting.set(id, { resolve, reject, method });
			this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
		});
	}

	async page({ width = 1280, height = 1000, isDark = false } = {}) {
		const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
		const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
		const page = new Page(this, sessionId, targetId);

		for (const domain of ["Page", "Runtime", "Log", "Network"])
			await page.send(`${domain}.enable`);
		await page.look({ width, height, isDark });
		return page;
	}

	async close() {
		this.process.removeAllListeners("exit");
		const ended = new Promise((resolve) => this.process.once("exit", resolve));

		await this.send("Browser.close").catch(() => this.process.kill("SIGKILL"));
		await ended;
	}
}

class Page {
	constructor(browser, sessionId, targetId) {
		Object.assign(this, { browser, sessionId, targetId });
		this.complaints = []; /* errors of the console and of the page */
		this.requests = [];   /* addresses asked for */
		browser.listeners.push((message) => {
			if (message.sessionId === sessionId)
				this.note(message.method, message.params);
		});
	}

	note(method, params) {
		if (method === "Runtime.exceptionThrown")
			this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
		else if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type))
			this.complaints.push(params.args.map((a) => a.value ?? a.description).join(" "));
		else if (method === "Log.entryAdded" && params.entry.level !== "info" && params.entry.level !== "verbose")
			this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
		else if (method === "Network.loadingFailed")
			this.complaints.push(`loading failed: ${params.errorText}`);
		else if (method === "Network.requestWillBeSent")
			this.requests.push(params.request.url);
		else if (method === "Page.loadEventFired" && this.loaded)
			this.loaded();
	}

	send(method, params) {
		return this.browser.send(method, params, this.sessionId);
	}

	async look({ width, height, isDark }) {
		Object.assign(this, { width, height });
		await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
		await this.send("Emulation.setEmulatedMedia", {
			features: [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }] });
	}

	/* As paper has it, or as the screen again. */
	async print(isPaper) {
		await this.send("Emulation.setEmulatedMedia", { media: isPaper ? "print" : "" });
		await this.settle();
	}

	/* Until its scripts have run; they do before the page counts as loaded. */
	async open(url) {
		const loaded = new Promise((resolve) => { this.loaded = resolve; });

		await this.send("Page.navigate", { url });
		await loaded;
		await this.settle();
	}

	/* Until what was begun has been drawn. */
	async settle() {
		await this.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))");
	}

	/* The value of an expression, which may be a promise. */
	async ask(expression) {
		const { result, exceptionDetails } = await this.send("Runtime.evaluate",
			{ expression, awaitPromise: true, returnByValue: true });

		if (exceptionDetails)
			throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
		return result.value;
	}

	/* Until it is true; the test's own time limit ends a wait for nothing. */
	async until(expression) {
		while (!await this.ask(expression))
			await this.settle();
	}

	/* As a person would: in the middle of the first element that matches. */
	async click(selector) {
		const at = await this.ask(`(() => {
			const e = document.querySelector(${JSON.stringify(selector)});
			if (!e) return null;
			e.scrollIntoView({ block: "center" });
			const r = e.getBoundingClientRect();
			return { x: r.left + Math.min(r.width / 2, 200), y: r.top + r.height / 2 };
		})()`);

		if (!at)
			throw new Error(`nothing to click: ${selector}`);
		for (const type of ["mouseMoved", "mousePressed", "mouseReleased"])
			await this.send("Input.dispatchMouseEvent", { type, ...at, button: type === "mouseMoved" ? "none" : "left", clickCount: 1 });
		await this.settle();
	}

	/* The left button held from one point of an element to another, as shares of its width. */
	async drag(selector, from, to) {
		const at = (share) => this.ask(`(() => {
			const e = document.querySelector(${JSON.stringify(selector)});
			e.scrollIntoView({ block: "center" });
			const r = e.getBoundingClientRect();
			return { x: r.left + r.width * ${share}, y: r.top + r.height / 2 };
		})()`);
		const send = (type, point, button) => this.send("Input.dispatchMouseEvent", { type, ...point, button, buttons: type === "mouseReleased" ? 0 : 1, clickCount: 1 });

		await send("mouseMoved", await at(from), "none");
		await send("mousePressed", await at(from), "left");
		await send("mouseMoved", await at((from + to) / 2), "left");
		await send("mouseMoved", await at(to), "left");
		await send("mouseReleased", await at(to), "left");
		await this.settle();
	}

	async press(key) {
		const codes = { Enter: 13, Tab: 9, Escape: 27, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, " ": 32, Home: 36, End: 35 };
		const text = { Enter: "\r" }[key] ?? (key.length === 1 ? key : undefined);

		await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", key, code: key === " " ? "Space" : key,
			windowsVirtualKeyCode: codes[key] ?? key.toUpperCase().charCodeAt(0), text });
		await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key === " " ? "Space" : key, windowsVirtualKeyCode: codes[key] });
		await this.settle();
	}

	async type(selector, text) {
		await this.click(selector);
		await this.ask(`document.querySelector(${JSON.stringify(selector)}).select()`);
		await this.send("Input.insertText", { text });
		await this.settle();
	}

	/* The whole page, or what is seen of it, as a PNG. */
	async screenshot(file, isWhole = true) {
		const height = isWhole ? await this.ask("Math.min(document.documentElement.scrollHeight, 6000)") : this.height;

		await this.send("Emulation.setDeviceMetricsOverride", { width: this.width, height, deviceScaleFactor: 1, mobile: false });
		await this.settle();
		const { data } = await this.send("Page.captureScreenshot", { format: "png" });
		await writeFile(file, Buffer.from(data, "base64"));
		await this.send("Emulation.setDeviceMetricsOverride", { width: this.width, height: this.height, deviceScaleFactor: 1, mobile: false });
		await this.settle();
	}

	/* What a screen reader is told: {role, name, ...} of each node. */
	async readerTree() {
		await this.send("Accessibility.enable");
		const { nodes } = await this.send("Accessibility.getFullAXTree");

		return nodes.filter((n) => !n.ignored).map((n) => ({ role: n.role?.value, name: n.name?.value ?? "",
			properties: Object.fromEntries((n.properties ?? []).map((p) => [p.name, p.value.value])) }));
	}

	close() {
		return this.browser.send("Target.closeTarget", { targetId: this.targetId });
	}
}
