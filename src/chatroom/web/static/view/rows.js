/**
 * The rows of the messages: made from a part of what a room holds, each as an element.
 */

import { isSpoken } from "../entries.js";
import { spansOf } from "../text.js";
import { listNames } from "../phrases.js";
import { clock, dayName, moment, tr } from "../strings.js";
import { button, el, initials, nameOf } from "./dom.js";

/** @typedef {import("../entries.js").Entry} RowEntry */
/** @typedef {import("../room.js").Room} RowRoom */
/** @typedef {import("./dom.js").ListItem} RowItem */

/** Messages by one person within this time stand together under their name. */
const GROUP_MS = 5 * 60_000;
/** Longer messages are shown in part. */
const LONG_CHARACTERS = 1_200;
const LONG_LINES = 20;
const QUOTE_CHARACTERS = 120;
/** Joins and leaves in one row. */
const FOLDED_MAX = 60;

/**
 * What the rows need of the page.
 * @typedef {{me: RegExp, isOnline: boolean, now: number, found: string, expanded: Set<number>,
 *   onMenu: (entry: RowEntry, anchor: HTMLElement) => void, onName: (nick: string, anchor: HTMLElement) => void,
 *   onExpand: (entry: RowEntry) => void, onQuote: (id: string) => void, onReact: (entry: RowEntry, reaction: string) => void,
 *   isMe: (nick: string) => boolean, colour: (nick: string) => number, quoted: (id: string) => RowEntry | undefined, onRetry: (entry: RowEntry) => void, onRemove: (entry: RowEntry) => void}} RowContext
 */

/**
 * The rows for the messages from `start` to `end`, and for what waits where the end is shown.
 * @param {RowRoom} room
 * @param {number} start
 * @param {number} end
 * @param {RowContext} context
 * @returns {RowItem[]}
 */
export function rowsOf(room, start, end, context) {
  const entries = room.messages.slice(start, end);
  if (end === room.messages.length && !room.hasNewer) entries.push(...room.pending);
  /** @type {RowItem[]} */
  const rows = [];
  let day = "";
  let newShown = !room.newFrom;
  /** @type {RowEntry | null} */
  let above = null;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    const today = dayName(entry.time, context.now);
    if (today !== day) {
      day = today;
      above = null;
      rows.push(lineRow(`day ${today}`, "day", today));
    }
    if (!newShown && entry.time >= room.newFrom && isSpoken(entry) && !entry.own) {
      newShown = true;
      above = null;
      rows.push(lineRow("new", "new", tr("newMessages")));
    }
    if (entry.kind === "join" || entry.kind === "leave") {
      let last = i;
      while (last + 1 < entries.length && last - i < FOLDED_MAX && isMove(entries[last + 1]) && dayName(entries[last + 1].time, context.now) === day) last++;
      rows.push(movesRow(entries.slice(i, last + 1)));
      i = last;
      above = null;
    } else {
      const isHead = !above || above.kind !== "message" || entry.kind !== "message" || above.nick !== entry.nick || entry.time - above.time > GROUP_MS;
      rows.push(entryRow(entry, isHead, context));
      above = entry;
    }
  }
  return rows;
}

/** @param {RowEntry} entry */
function isMove(entry) {
  return entry.kind === "join" || entry.kind === "leave";
}

/**
 * @param {string} key
 * @param {string} kind
 * @param {string} text
 * @returns {RowItem}
 */
function lineRow(key, kind, text) {
  return { key, sign: text, build: () => el(`div.line.${kind}`, { role: "separator", "aria-label": text }, el("span", {}, text)) };
}

/**
 * Joins and leaves that follow one another.
 * @param {RowEntry[]} entries
 * @returns {RowItem}
 */
function movesRow(entries) {
  const joined = new Set(entries.filter((entry) => entry.kind === "join").map((entry) => entry.nick));
  const left = new Set(entries.filter((entry) => entry.kind === "leave").map((entry) => entry.nick));
  const both = [...joined].filter((nick) => left.has(nick));
  const [only] = entries;
  const parts = [
    [...joined].filter((nick) => !left.has(nick)),
    [...left].filter((nick) => !joined.has(nick)),
    both,
  ];
  const texts = parts.map((nicks, i) => (nicks.length ? tr(["joined", "left", "joinedAndLeft"][i], { names: listNames(nicks), count: nicks.length }) : ""));
  let text = texts.filter(Boolean).join("   ");
  if (entries.length === 1 && only.kind === "leave" && only.text) text = tr("leftWhy", { names: only.nick, why: only.text, count: 1 });
  return { key: `moves ${only.serial}`, sign: text, build: () => el("div.note", { dir: "auto" }, text) };
}

/**
 * @param {RowEntry} entry
 * @param {boolean} isHead
 * @param {RowContext} context
 * @returns {RowItem}
 */
function entryRow(entry, isHead, context) {
  const isFound = Boolean(entry.id) && entry.id === context.found;
  const isOpen = context.expanded.has(entry.serial);
  const sign = [entry.answers && (context.quoted(entry.answers)?.text.length ?? -1), entry.version, isHead, isFound, isOpen, entry.delivery && context.isOnline].join();
  return { key: String(entry.serial), sign, build: () => buildEntry(entry, isHead, isFound, isOpen, context) };
}

/**
 * @param {RowEntry} entry
 * @param {boolean} isHead
 * @param {boolean} isFound
 * @param {boolean} isOpen
 * @param {RowContext} context
 */
function buildEntry(entry, isHead, isFound, isOpen, context) {
  if (entry.kind === "rename") return el("div.note", { dir: "auto" }, tr("renamed", { old: entry.nick, nick: entry.text }));
  if (!isSpoken(entry)) return el(`div.note.${entry.kind}`, { dir: "auto" }, ...bodyOf(entry.text, null));
  const classes = [isHead ? "head" : "", entry.mention ? "mention" : "", isFound ? "found" : "", entry.delivery ? `is-${entry.delivery}` : ""];
  const spec = ["div", "message", entry.kind, ...classes].filter(Boolean).join(".");
  const time = el("time", { datetime: new Date(entry.time).toISOString(), title: moment(entry.time) }, clock(entry.time));
  const colour = context.colour(entry.nick);
  const text = el("div.text", { dir: "auto" });
  if (entry.kind === "action") text.append(nameOf(entry.nick, `.nick.c${colour}`), " ");
  text.append(...shortened(entry, isOpen, context));
  if (entry.edited) text.append(" ", el("small.edited", {}, tr("edited")));
  const menu = button(".more", tr("messageMenu"), (event) => context.onMenu(entry, event.currentTarget), "⋯");
  menu.tabIndex = -1;
  const showName = (/** @type {any} */ event) => context.onName(entry.nick, event.currentTarget);
  const name = el(`button.nick.c${colour}`, { type: "button", tabindex: -1, onclick: showName }, nameOf(entry.nick));
  const quote = entry.answers && quoteOf(entry, context);
  const isNamed = isHead && entry.kind !== "action";
  const top = isNamed && el("div.who", {}, name, time, entry.kind === "notice" && el("span.tag", {}, tr("notice")));
  return el(
    spec,
    { tabindex: -1, "data-id": entry.id },
    isNamed ? el(`div.avatar.c${colour}`, { "aria-hidden": "true" }, initials(entry.nick)) : el("div.gutter", {}, time.cloneNode(true)),
    el("div.body", {}, top, quote, text, chipsOf(entry, context), deliveryOf(entry, context)),
    entry.delivery ? null : el("div.tools", {}, menu),
  );
}

/**
 * @param {RowEntry} entry
 * @param {boolean} isOpen
 * @param {RowContext} context
 */
function shortened(entry, isOpen, context) {
  const lines = entry.text.split("\n");
  const isLong = entry.text.length > LONG_CHARACTERS || lines.length > LONG_LINES;
  if (!isLong) return bodyOf(entry.text, context.me);
  const text = isOpen ? entry.text : lines.slice(0, LONG_LINES / 2).join("\n").slice(0, LONG_CHARACTERS / 2);
  const label = isOpen ? tr("showLess") : tr("showAll", { count: entry.text.length });
  return [...bodyOf(isOpen ? text : `${text}…`, context.me), button(".link", label, () => context.onExpand(entry))];
}

/**
 * The text with what is special in it: code, links, names.
 * @param {string} text
 * @param {RegExp | null} me
 * @returns {(HTMLElement | string)[]}
 */
export function bodyOf(text, me) {
  return spansOf(text, me).map((span) => {
    switch (span.kind) {
      case "bold":
        return el("strong", {}, span.text);
      case "me":
        return el("strong.me", {}, span.text);
      case "code":
        return el("code", {}, span.text);
      case "block":
        return el("pre", { tabindex: 0 }, el("code", {}, span.text));
      case "link":
        return el("a", { href: span.text, target: "_blank", rel: "noopener noreferrer nofollow" }, span.text);
      case "room":
        return el("a", { href: span.text }, span.text);
      default:
        return span.text;
    }
  });
}

/**
 * The beginning of what a message answers; it leads there.
 * @param {RowEntry} entry
 * @param {RowContext} context
 */
function quoteOf(entry, context) {
  const quoted = context.quoted(entry.answers);
  const text = quoted ? tr("quote", { nick: quoted.nick, text: quoted.text.replace(/`{3}|\s+/g, " ").trim().slice(0, QUOTE_CHARACTERS) }) : tr("quoteUnknown");
  return el("button.quote", { type: "button", dir: "auto", tabindex: -1, onclick: () => context.onQuote(entry.answers) }, text);
}

/**
 * How people have reacted; a click joins them, or takes that back.
 * @param {RowEntry} entry
 * @param {RowContext} context
 */
function chipsOf(entry, context) {
  if (!entry.reactions.size) return null;
  const chips = [...entry.reactions].map(([reaction, people]) => {
    const names = [...people.values()];
    const isMine = names.some(context.isMe);
    const label = tr("reacted", { reaction, names: listNames(names), count: names.length });
    return el(`button.chip${isMine ? ".mine" : ""}`, { type: "button", title: label, "aria-label": label, "aria-pressed": String(isMine), onclick: () => context.onReact(entry, reaction) }, el("bdi", {}, reaction), ` ${names.length}`);
  });
  return el("div.chips", {}, ...chips);
}

/**
 * How far a message of our own has come.
 * @param {RowEntry} entry
 * @param {RowContext} context
 */
function deliveryOf(entry, context) {
  if (!entry.delivery) return null;
  if (entry.delivery !== "failed") return el("div.delivery", {}, tr(context.isOnline ? "sending" : "waiting"));
  const why = entry.why === "unknown" ? tr("failedUnknown") : tr("failed", { why: entry.why });
  const retry = button(".link", tr("retry"), () => context.onRetry(entry));
  const remove = button(".link", tr("remove"), () => context.onRemove(entry));
  return el("div.delivery.error", { role: "alert" }, why, " ", retry, " ", remove);
}
