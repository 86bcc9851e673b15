/**
 * What MODE says of a room: its modes, who is banned or muted, whose room it is.
 *
 * MODE has no place for whom a ban is meant, until when it lasts and why. The server tells it by tags of its own.
 */

import { accountOf, fold, nickOf } from "./irc.js";
import { doerOf, tellingOf, timeOf } from "./entries.js";
import { markMe } from "./presence.js";
import { timeSpan } from "./phrases.js";
import { tr } from "./strings.js";
import { cleanText, cleanWord } from "./text.js";

/** @typedef {import("./state.js").ChatState} ModesState */
/** @typedef {import("./room.js").Room} ModesRoom */
/** @typedef {import("./handlers.js").Handler} ModesHandler */

/**
 * A mask that is banned or muted. `nick` is whom it is meant for; `until` is in milliseconds, 0 for good.
 * @typedef {{nick: string, isMute: boolean, by: string, until: number, why: string}} Ban
 */

/**
 * @param {string} mask
 * @param {string} by
 * @param {Record<string, string>} tags
 * @returns {Ban}
 */
function banOf(mask, by, tags) {
  const mute = /^.?m:(?=.)/;
  return {
    nick: cleanWord(tags["chatroom/whom"] ?? "") || mask.replace(mute, "").replace(/!\*@\*$/, ""),
    isMute: mute.test(mask), by, until: Date.parse(tags["chatroom/until"] ?? "") || 0, why: cleanText(tags["chatroom/reason"] ?? ""),
  };
}

/**
 * Who is muted, by folded names.
 * @param {ModesRoom} room
 */
export function mutedIn(room) {
  return new Set([...room.banned.values()].filter((ban) => ban.isMute).map((ban) => fold(ban.nick)));
}

/**
 * Who is banned or muted, one entry for all the masks that one person is kept out by.
 * @param {ModesRoom} room
 */
export function bansOf(room) {
  return [...new Map([...room.banned.values()].map((ban) => [`${ban.isMute} ${fold(ban.nick)}`, ban])).values()];
}

/**
 * Asks for the modes, bans, mutes and the owner of a room that somebody looks at, so that menus offer what can be done.
 * @param {ModesState} state
 * @param {ModesRoom} room
 */
export function askModes(state, room) {
  if (room.isDirect || !room.here || room.modes || !state.registered) return;
  room.modes = new Set();
  room.banned.clear();
  state.send("MODE", room.name);
  state.send("MODE", room.name, "bO");
}

/**
 * What we are on the server has changed: we may be no operator any more.
 * @param {ModesState} state
 * @param {string} change
 */
function onOwnModes(state, change) {
  if (!/-\w*o/.test(change)) return; // of the other, 381 tells
  state.operator = false;
  markMe(state);
  state.inform(tr("noOperator"));
}

/** @type {ModesHandler} */
export function onMode(state, message) {
  if (state.isMe(message.params[0] ?? "")) {
    onOwnModes(state, message.params[1] ?? "");
    return;
  }
  const room = state.find(message.params[0] ?? "");
  if (!room) return;
  const ranks = state.ranks();
  const signs = new Map(ranks);
  const [lists = "", always = "", whenSet = ""] = (state.isupport.CHANMODES ?? "b,k,l,imnpst").split(",");
  const params = message.params.slice(2);
  const by = doerOf(message);
  const time = timeOf(state, message);
  /** @type {Set<string>} */
  const told = new Set();
  let adding = true;
  for (const letter of message.params[1] ?? "") {
    if (letter === "+" || letter === "-") {
      adding = letter === "+";
      continue;
    }
    const takes = signs.has(letter) || (lists + always).includes(letter) || (whenSet.includes(letter) && adding);
    const param = cleanWord(takes ? (params.shift() ?? "") : "");
    const member = room.member(param);
    if (signs.has(letter) && member) {
      const held = member.prefix.replace(signs.get(letter) ?? "", "") + (adding ? signs.get(letter) : "");
      member.prefix = ranks.map(([, sign]) => sign).filter((sign) => held.includes(sign)).join("");
      room.membersVersion++;
    }
    const ban = banOf(param, by, message.tags);
    if (letter === "b" && adding) room.banned.set(param, ban);
    else if (letter === "b") room.banned.delete(param);
    else if (adding) room.modes?.add(letter);
    else room.modes?.delete(letter);
    if (letter === "k") room.key = adding ? param : "";
    if (letter === "b") room.membersVersion++;
    told.add(letter === "b" ? banText(!adding && ban.until && !message.source.includes("!") ? "" : by, adding, ban, time) : modeText(by, adding, letter, param));
  }
  for (const text of told) room.add(tellingOf(state, message, text));
}

/**
 * @param {string} by "" where something has lasted its time
 * @param {boolean} adding
 * @param {Ban} ban
 * @param {number} time
 */
function banText(by, adding, { nick, isMute, until, why }, time) {
  const kind = isMute ? "q" : "b";
  if (!adding) return tr(`modeMinus_${kind}${by ? "" : "_ended"}`, { by, nick });
  const span = until ? timeSpan((until - time) / 1000) : "";
  return tr(`modePlus_${kind}${span && "_for"}${why && "_why"}`, { by, nick, span, why });
}

/**
 * @param {string} by
 * @param {boolean} adding
 * @param {string} letter
 * @param {string} param
 */
function modeText(by, adding, letter, param) {
  const key = `mode${adding ? "Plus" : "Minus"}_${letter}`;
  if (fold(by) === fold(param) && tr(`${key}_self`)) return tr(`${key}_self`, { nick: param }); // an owner who comes in
  return tr(key, { by, nick: param, count: Number(param) }) || tr("modeOther", { by, mode: `${adding ? "+" : "-"}${letter}${param ? ` ${param}` : ""}` });
}

/** @type {ModesHandler} */
export function onBanListed(state, message) {
  const [, room = "", mask = "", by = ""] = message.params.map(cleanWord);
  const place = state.find(room);
  if (!place) return;
  place.banned.set(mask, banOf(mask, nickOf(by), message.tags));
  place.membersVersion++;
}

/** @type {ModesHandler} */
export function onBansEnd(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (room && state.asked.delete(`bans ${room.name}`)) state.events.push({ type: "bans", room });
}

/** @type {ModesHandler} */
export function onOwner(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (!room) return;
  room.owner = accountOf(message.params[2]);
  room.membersVersion++;
}

/**
 * All that we are on the server: whether strangers may write to us (R).
 * @type {ModesHandler}
 */
export function onAllOwnModes(state, message) {
  if (state.asked.delete("strangers")) state.inform(tr(message.params[1]?.includes("R") ? "strangersOff" : "strangersOn"));
}

/** @type {ModesHandler} */
export function onModes(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (room) room.modes = new Set(message.params[2] ?? "");
  if (room && !state.asked.delete(`modes ${room.name}`)) return;
  const [, name = "", letters = "", ...values] = message.params.map(cleanWord);
  const meant = [...letters.replace("+", "")].map((letter) => {
    const whom = /[klW]/.test(letter) ? (values.shift() ?? "") : "";
    const shown = `+${letter}${whom && ` ${whom}`}`;
    const words = tr(`modeIs_${letter}`, { whom });
    return words ? `${words} (${shown})` : shown;
  });
  state.inform(tr(meant.length ? "modesAre" : "modesNone", { room: name, modes: meant.join("; ") }));
}
