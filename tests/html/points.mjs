/* points.mjs -- what a test in a browser says: a TAP line for each point, without numbers.
 *
 * SPDX-License-Identifier: MIT
 */

export function point(sentence, isGood, seen) {
	console.log(`${isGood ? "ok" : "not ok"} - ${sentence}`);
	if (!isGood)
		console.log(`# ${sentence}: seen ${JSON.stringify(seen)?.slice(0, 1500)}`);
}

export function same(sentence, got, wanted) {
	point(sentence, JSON.stringify(got) === JSON.stringify(wanted), { got, wanted });
}

/* axe: the text of axe-core. */
export async function audited(name, page, axe) {
	await page.ask(axe + "; 0");
	const found = await page.ask(`axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
		r.violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => [n.html.slice(0, 200), n.any.map((a) => a.message).slice(0, 2)])]))`);

	same(`axe has no objection, contrast included: ${name}`, found, []);
}
