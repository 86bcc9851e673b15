/**
 * Who is in a room, and who of them is away: what the server tells of it.
 */

import { fold, nickOf } from "./irc.js";

/** @typedef {import("./state.js").ChatState} PresentState */
/** @typedef {import("./state.js").Room} PresentRoom */

/** Asking who is away costs a line for each member. */
const WHO_MEMBERS_MAX = 500;

/** @type {import("./handlers.js").Handler} */
export function onNames(state, message) {
  const room = state.find(message.params[2] ?? "");
  if (!room) return;
  for (const word of (message.params[3] ?? "").split(" ").filter(Boolean)) {
    const nick = word.replace(/^[~&@%+]+/, "");
    room.enter({ nick, prefix: word.slice(0, word.length - nick.length), away: room.member(nick)?.away ?? false });
  }
}

/**
 * Asks who is away in a room or a conversation that somebody looks at.
 * @param {PresentState} state
 * @param {PresentRoom} room
 */
export function askWhoIsAway(state, room) {
  if (!room.here || room.asked || room.members.size > WHO_MEMBERS_MAX || !state.registered) return;
  room.asked = true;
  state.send("WHO", room.name, "%nf");
}

/**
 * Asks for the modes, bans and mutes of a room that somebody looks at, so that menus offer what can be done.
 * @param {PresentState} state
 * @param {PresentRoom} room
 */
export function askModes(state, room) {
  if (room.isDirect || !room.here || room.modes || !state.registered) return;
  room.modes = new Set();
  room.banned.clear();
  state.send("MODE", room.name);
  state.send("MODE", room.name, "b");
}

/**
 * Whom a mask bans or mutes.
 * @param {string} mask
 */
export function banOf(mask) {
  const mute = /^.?m:(?=.)/;
  return { isMute: mute.test(mask), nick: mask.replace(mute, "").replace(/!\*@\*$/, "") };
}

/**
 * @param {PresentRoom} room
 * @param {string} nick
 */
export function isMuted(room, nick) {
  return [...room.banned.keys()].map(banOf).some((ban) => ban.isMute && fold(ban.nick) === fold(nick));
}

/**
 * RPL_WHOSPCRPL with name and flags.
 * @type {import("./handlers.js").Handler}
 */
export function onWho(state, message) {
  const [, nick = "", flags = ""] = message.params;
  for (const room of state.rooms.values()) setAway(room, nick, flags[0] === "G");
  if (state.isMe(nick)) state.operator = flags.includes("*");
}

/**
 * @param {PresentRoom} room
 * @param {string} nick
 * @param {boolean} away
 */
export function setAway(room, nick, away) {
  const member = room.member(nick);
  if (member && member.away !== away) {
    member.away = away;
    room.membersVersion++;
  }
  if (room.isDirect && room.away !== away && fold(room.name) === fold(nick)) {
    room.away = away;
    room.version++;
  }
}

/** @type {import("./handlers.js").Handler} */
export function onAway(state, message) {
  for (const room of state.rooms.values()) setAway(room, nickOf(message.source), message.params.length > 0);
}

/**
 * MONITOR: who is here of those with whom we talk.
 * @type {import("./handlers.js").Handler}
 */
export function onPresence(state, message) {
  for (const mask of (message.params[1] ?? "").split(",")) {
    const room = state.find(nickOf(mask));
    if (!room?.isDirect) continue;
    room.online = message.command === "730";
    room.away = false;
    room.version++;
  }
}
