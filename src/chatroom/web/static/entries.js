/**
 * What stands in a room: messages, and what happens there.
 */

import { nickOf } from "./irc.js";
import { tr } from "./strings.js";
import { cleanWord } from "./text.js";

let serials = 0;
/** One for all messages to which nobody has reacted. */
const NO_REACTIONS = new Map();

/**
 * One thing in a room. `time` is in milliseconds; `serial` names it on this page, `id` on the server.
 * A message of our own has `delivery` until the server has it: waiting (not sent), sent (no answer yet), unsure (sent
 * over a connection that died), failed (refused, or nobody can know). `answers` is the id of the message that it answers.
 * One that is `edited` stands for another, which its author has just taken back.
 * `reactions` has who reacted how, by folded name.
 * @typedef {{serial: number, kind: string, time: number, nick: string, text: string, id: string, own: boolean,
 *   mention: boolean, delivery: ""|"waiting"|"sent"|"unsure"|"failed", why: string, answers: string, edited: boolean,
 *   reactions: Map<string, Map<string, string>>, version: number}} Entry
 */

/** What people say, as opposed to what happens. */
const SPOKEN = new Set(["message", "action", "notice"]);

/**
 * @param {Partial<Entry>} parts
 * @returns {Entry}
 */
export function makeEntry(parts) {
  return {
    serial: ++serials, kind: "message", time: 0, nick: "", text: "", id: "", own: false, mention: false, delivery: "",
    why: "", answers: "", edited: false, reactions: NO_REACTIONS, version: 0, ...parts,
  };
}

/**
 * How far a message of ours has come, and why no further.
 * @param {Entry} entry
 * @param {Entry["delivery"]} delivery
 * @param {string} [why]
 */
export function setDelivery(entry, delivery, why = "") {
  Object.assign(entry, { delivery, why });
  entry.version++;
}

/** @param {Entry} entry */
export function isSpoken(entry) {
  return SPOKEN.has(entry.kind);
}

/**
 * Whether the server said `a` before `b`. Ids rise, and tell apart what was said in the same millisecond.
 * @param {Entry} a
 * @param {Entry} b
 */
export function isBefore(a, b) {
  if (a.time !== b.time || !a.id || !b.id) return a.time < b.time;
  return a.id.length !== b.id.length ? a.id.length < b.id.length : a.id < b.id;
}

/**
 * The id of the message that a line answers, or reacts to.
 * @param {Record<string, string>} tags
 */
export function answeredId(tags) {
  return tags["+draft/reply"] ?? tags["+reply"] ?? "";
}

/**
 * When the server says that something happened; now, by its clock, if it doesn't say.
 * @param {import("./state.js").ChatState} state
 * @param {import("./irc.js").Message} message
 */
export function timeOf(state, message) {
  return Date.parse(message.tags.time ?? "") || state.now() + state.ahead;
}

/**
 * A line of the server as an entry.
 * @param {import("./state.js").ChatState} state
 * @param {import("./irc.js").Message} message
 * @param {string} kind
 * @param {string} [text]
 */
export function entryOf(state, message, kind, text = "") {
  const nick = cleanWord(nickOf(message.source));
  const time = timeOf(state, message);
  return makeEntry({ kind, text, nick, time, id: message.tags.msgid ?? "", own: state.isMe(nick), answers: answeredId(message.tags) });
}

/**
 * Who does something, for a sentence. No name of a person has a dot.
 * @param {import("./irc.js").Message} message
 */
export function doerOf({ source }) {
  const nick = cleanWord(nickOf(source));
  return nick.includes(".") ? tr("theServer") : nick;
}

/**
 * What a line of the server does, told in words. The id of the line is not its own.
 * @param {import("./state.js").ChatState} state
 * @param {import("./irc.js").Message} message
 * @param {string} text
 */
export function tellingOf(state, message, text) {
  return entryOf(state, { ...message, tags: { time: message.tags.time } }, "info", text);
}
