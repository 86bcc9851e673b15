/**
 * Makes and changes elements. Text reaches the document only as text: nothing here reads markup.
 */

import { fold } from "../irc.js";

/** @typedef {Record<string, string | number | boolean | ((event: any) => void) | undefined>} Props */

/**
 * An element: `el("button.big", { onclick: f, "aria-label": "x" }, "text", child)`.
 * A property that is a function listens; one that is false or undefined is left out.
 * @param {string} spec the tag, with classes behind dots
 * @param {Props} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) if (child || child === "") node.append(child);
  return node;
}

/**
 * A button that is no submit button.
 * @param {string} spec classes, with dots before them
 * @param {string} label read aloud; shown if there are no children
 * @param {(event: any) => void} onclick
 * @param {...(Node | string)} children
 */
export function button(spec, label, onclick, ...children) {
  const props = children.length ? { type: "button", onclick, "aria-label": label, title: label } : { type: "button", onclick };
  return el(`button${spec}`, props, ...(children.length ? children : [label]));
}

/**
 * A sign that says something about a person or a room.
 * @param {string} label read aloud, and shown where one points at it
 * @param {string} sign
 */
export function badge(label, sign) {
  return el("span.tag", { title: label, role: "img", "aria-label": label }, sign);
}

/**
 * A field with its label.
 * @param {string} label
 * @param {Props} props
 * @param {string} [hint]
 */
export function field(label, props, hint = "") {
  const input = /** @type {HTMLInputElement} */ (el("input", { autocapitalize: "off", spellcheck: "false", ...props }));
  const note = hint ? el("span.hint", {}, hint) : null;
  return { input, row: el("label.field", {}, el("span", {}, label), input, note) };
}

/**
 * A row of a list: `sign` tells whether it looks the same as before.
 * @typedef {{key: string, sign: string, build: () => HTMLElement}} ListItem
 */

/** @type {WeakMap<Node, ListItem>} */
const shown = new WeakMap();

/**
 * Makes the children of `parent` those of `items`; what has not changed stays, and keeps its focus.
 * @param {HTMLElement} parent
 * @param {ListItem[]} items
 */
export function showList(parent, items) {
  const wanted = new Set(items.map((item) => item.key));
  /** @type {Map<string, ChildNode>} */
  const old = new Map();
  for (const child of [...parent.childNodes]) {
    if (wanted.has(keyOf(child))) old.set(keyOf(child), child);
    else child.remove();
  }
  let cursor = parent.firstChild;
  for (const item of items) {
    const before = old.get(item.key);
    let node = before;
    if (!before || shown.get(before)?.sign !== item.sign) {
      node = item.build();
      shown.set(node, item);
      if (before) {
        if (cursor === before) cursor = node;
        replaceHeld(before, /** @type {HTMLElement} */ (node));
      }
    }
    if (node === cursor) cursor = cursor?.nextSibling ?? null;
    else if (node) parent.insertBefore(node, cursor);
  }
}

/**
 * Replaces a node, and gives the new one the focus that it had.
 * @param {ChildNode} before
 * @param {HTMLElement} node
 */
function replaceHeld(before, node) {
  const hadFocus = before.contains(document.activeElement);
  before.replaceWith(node);
  if (!hadFocus) return;
  const target = node.matches("button,[tabindex]") ? node : node.querySelector("button,[tabindex]");
  /** @type {HTMLElement | null} */ (target)?.focus();
}

/**
 * The child of `parent` that shows the item of that key.
 * @param {HTMLElement} parent
 * @param {string} key
 */
export function childOf(parent, key) {
  for (const child of parent.children) if (shown.get(child)?.key === key) return /** @type {HTMLElement} */ (child);
  return null;
}

/** @param {Node} node */
export function keyOf(node) {
  return shown.get(node)?.key ?? "";
}

const COLOURS = 8;
/** People whose colours are remembered in a room. */
const COLOURED_MAX = 10_000;

/** @type {number[]} */
const CRC_TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

/**
 * Which of the eight colours is this person's in a room, as in the window: their own, or another one while somebody else
 * has that. So up to eight people differ.
 * @param {import("../room.js").Room} room
 * @param {string} nick
 */
export function colourIn({ colours }, nick) {
  const key = fold(nick);
  let colour = colours.get(key) ?? colourOf(key);
  if (colours.size >= COLOURED_MAX) colours.clear();
  const taken = colours.has(key) || colours.size >= COLOURS ? [] : [...colours.values()];
  while (taken.includes(colour)) colour = (colour + 1) % COLOURS;
  colours.set(key, colour);
  return colour;
}

/** @param {string} key */
function colourOf(key) {
  let crc = -1;
  for (const byte of new TextEncoder().encode(key)) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ((crc ^ -1) >>> 0) % COLOURS;
}

/**
 * One or two letters that stand for a name: MK for Mrs_Kowalska.
 * @param {string} nick
 */
export function initials(nick) {
  const words = nick.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[1]] : words.slice(0, 1);
  return letters.map((word) => Array.from(word)[0].toUpperCase()).join("") || "?";
}

/**
 * A name as it is shown: it can't turn the direction of what stands around it.
 * @param {string} nick
 * @param {string} [classes]
 */
export function nameOf(nick, classes = "") {
  return el(`bdi${classes}`, {}, nick);
}
