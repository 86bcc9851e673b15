/**
 * Puts our messages on the wire, each exactly once and in order.
 *
 * Each is sent with a label, and is done when its echo comes back. After a lost connection the history of the room tells
 * which of those without an answer have arrived; the rest is sent again. Where there is no history nobody can know, and
 * the user decides.
 */

import { renderLine } from "./irc.js";
import { setDelivery } from "./entries.js";
import { cutText, lineBytes } from "./text.js";

/** @typedef {import("./state.js").ChatState} State */
/** @typedef {import("./room.js").Room} SomeRoom */
/** @typedef {import("./entries.js").Entry} SomeEntry */

/**
 * Sends what waits in a room, once we are in it and its history has told what became of the rest.
 * @param {State} state
 * @param {SomeRoom} room
 */
export function flushRoom(state, room) {
  if (!state.registered || !room.here) return;
  if (room.request && room.pending.some((entry) => entry.delivery === "unsure")) return;
  for (const entry of room.pending) {
    if (entry.delivery === "unsure" && !isProven(state, room)) {
      setDelivery(entry, "failed", "unknown");
      room.version++;
    } else if (entry.delivery === "waiting" || entry.delivery === "unsure") {
      transmit(state, room, entry);
    }
  }
}

/**
 * Whether what is not in the history has not arrived. Conversations are kept only between people who are logged in:
 * one that has lost what we knew last, or of which we knew nothing, proves nothing.
 * @param {State} state
 * @param {SomeRoom} room
 */
function isProven(state, room) {
  return state.caps.has("draft/chathistory") && (!room.isDirect || room.isKept);
}

/**
 * @param {State} state
 * @param {SomeRoom} room
 * @param {SomeEntry} entry
 */
function transmit(state, room, entry) {
  const label = `m${++state.labels}`;
  state.sent.set(label, { room, entry });
  setDelivery(entry, "sent");
  room.version++;
  for (const line of linesOf(room.name, entry.kind, entry.text, label, entry.answers)) state.sendLine?.(line);
}

/**
 * The lines that say something: one, or a batch of draft/multiline.
 * @param {string} target
 * @param {string} kind
 * @param {string} text
 * @param {string} label
 * @param {string} [answers]
 */
export function linesOf(target, kind, text, label, answers = "") {
  /** @type {Record<string, string>} */
  const tags = answers ? { label, "+draft/reply": answers } : { label };
  if (kind === "action") return [renderLine("PRIVMSG", [target, `\x01ACTION ${text}\x01`], tags)];
  const size = lineBytes(target);
  const rows = text.split("\n").map((line) => cutText(line, size));
  if (rows.length === 1 && rows[0].length === 1) return [`${renderLine("PRIVMSG", [target], tags)} :${text}`];
  const batch = label;
  const lines = [renderLine("BATCH", [`+${batch}`, "draft/multiline", target], tags)];
  for (const pieces of rows) {
    pieces.forEach((piece, i) => {
      const concat = i ? ";draft/multiline-concat" : "";
      lines.push(`@batch=${batch}${concat} PRIVMSG ${target} :${piece}`);
    });
  }
  return [...lines, `BATCH -${batch}`];
}

/**
 * Settles the message of ours that the server has told of; false if it is none that waits.
 * @param {State} state
 * @param {SomeRoom} room
 * @param {SomeEntry} echo
 * @param {string} label "" in the history
 */
export function settleEcho(state, room, echo, label) {
  const ours = state.sent.get(label);
  if (ours) {
    state.sent.delete(label);
    ours.room.settle(ours.entry, echo);
    return true;
  }
  const lost = room.pending.find(
    (entry) => (entry.delivery === "unsure" || entry.why === "unknown") && entry.kind === echo.kind && sameText(entry.text, echo.text),
  );
  if (!lost) return false;
  room.settle(lost, echo);
  return true;
}

/**
 * Whether two texts are one message: blank lines and blanks at the ends get lost on the way.
 * @param {string} a
 * @param {string} b
 */
function sameText(a, b) {
  return a === b || a.replace(/\s+/g, " ").trim() === b.replace(/\s+/g, " ").trim();
}
