/**
 * Parts of sentences: who, and for how long.
 */

import { tr } from "./strings.js";

/**
 * carol; carol and dave; carol, dave and 3 others.
 * @param {string[]} names
 */
export function listNames(names) {
  const [a, b, c] = names;
  if (names.length < 2) return a ?? "";
  if (names.length === 2) return tr("names2", { a, b });
  if (names.length === 3) return tr("names3", { a, b, c });
  return tr("namesMore", { a, b, count: names.length - 2 });
}

/** In seconds, the longest first. */
const SPANS = /** @type {[number, string][]} */ ([[86_400, "days"], [3_600, "hours"], [60, "minutes"], [1, "seconds"]]);
/** What a number of them may be off, as a part of it: 90 minutes are neither 1 hour nor 2. */
const SPAN_ERROR = 0.1;

/**
 * How long something lasts, in the largest unit that tells it well: 5 minutes.
 * @param {number} seconds
 */
export function timeSpan(seconds) {
  seconds = Math.max(1, seconds);
  const [size, key] = SPANS.find(([unit]) => Math.abs(Math.round(seconds / unit) * unit - seconds) <= SPAN_ERROR * seconds) ?? SPANS[3];
  return tr(key, { count: Math.round(seconds / size) });
}
