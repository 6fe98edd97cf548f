// keep.js -- what a script keeps: a cache, a queue or listeners, with a limit or none (0).
//
//     embed keep.js cache|queue|listeners LIMIT ROUNDS
//
// SPDX-License-Identifier: MIT
const which = scriptArgs[0], limit = Number(scriptArgs[1]), rounds = Number(scriptArgs[2]);

const cache = new Map();
function remember(i) {
	cache.set('page' + i, { url: '/page/' + i, words: ['a' + i, 'b' + i], hits: i });
	if (limit && cache.size > limit) cache.delete(cache.keys().next().value);
}

const queue = [];
function produce(i) {
	queue.push({ id: i, body: 'message ' + i });
	if (limit ? queue.length > limit : i % 3 === 0) queue.shift();
}

const listeners = [];
function listen(i) {
	const held = 'what listener ' + i + ' holds';
	listeners.push(() => held.length);
	if (limit && listeners.length > limit) listeners.shift();
}

const work = { cache: remember, queue: produce, listeners: listen }[which];
for (let i = 0; i < rounds; i++) work(i);
console.log(cache.size, queue.length, listeners.length);
