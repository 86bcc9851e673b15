/**
 * Whom we ignore: the server keeps their direct messages from us, by SILENCE, and with our account.
 */

import { fold } from "./irc.js";
import { cleanWord } from "./text.js";
import { tr } from "./strings.js";

/** @typedef {import("./state.js").ChatState} IgnoringState */
/** @typedef {import("./handlers.js").Handler} IgnoringHandler */

/**
 * Whom a mask means: bob of bob!*@*, and of the account a:bob.
 * @param {string} mask
 */
function nickOfMask(mask) {
  return cleanWord(mask).replace(/!\*@\*$/, "").replace(/^.?a:(?=.)/, "");
}

/**
 * @param {IgnoringState} state
 * @param {string} nick
 */
export function isIgnored(state, nick) {
  return state.ignored.has(fold(nick));
}

/**
 * @param {IgnoringState} state
 * @param {string} nick
 * @param {boolean} isOn
 */
export function setIgnored(state, nick, isOn) {
  state.send("SILENCE", `${isOn ? "+" : "-"}${nick}`);
}

/**
 * Asks whom we ignore, so that menus offer what can be done, or to show it.
 * @param {IgnoringState} state
 * @param {boolean} [isShown]
 */
export function askIgnored(state, isShown = false) {
  if (!("SILENCE" in state.isupport)) return;
  state.ignored.clear();
  if (isShown) state.asked.add("ignored");
  state.send("SILENCE");
}

/** @type {IgnoringHandler} */
export function onSilence(state, message) {
  const mask = message.params[0] ?? "";
  const nick = nickOfMask(mask.slice(1));
  const isOn = mask[0] === "+";
  if (isOn) state.ignored.set(fold(nick), nick);
  else state.ignored.delete(fold(nick));
  state.inform(tr(isOn ? "ignoredNow" : "unignoredNow", { nick }));
}

/** @type {IgnoringHandler} */
export function onIgnored(state, message) {
  const nick = nickOfMask(message.params[2] ?? "");
  state.ignored.set(fold(nick), nick);
}

/** @type {IgnoringHandler} */
export function onIgnoredEnd(state) {
  if (!state.asked.delete("ignored")) return;
  const names = [...state.ignored.values()].join(", ");
  state.inform(names ? tr("ignoredAre", { names }) : tr("nobodyIgnored"));
}
