/**
 * Who is in a room, and who of them is away: what the server tells of it.
 */

import { accountOf, fold, nickOf } from "./irc.js";

/** @typedef {import("./state.js").ChatState} PresentState */
/** @typedef {import("./room.js").Room} PresentRoom */

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
  state.send("WHO", room.name, "%nfa");
}

/**
 * All names of a room have come.
 * @type {import("./handlers.js").Handler}
 */
export function onNamesEnd(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (room && room === state.current) askWhoIsAway(state, room);
}

/**
 * RPL_WHOSPCRPL with name, flags and account.
 * @type {import("./handlers.js").Handler}
 */
export function onWho(state, message) {
  const [, nick = "", flags = "", account = "0"] = message.params;
  for (const room of state.rooms.values()) {
    setAway(room, nick, flags[0] === "G");
    const member = room.member(nick);
    if (!member) continue;
    member.isServerOperator = flags.includes("*");
    member.account = account === "0" ? "" : account;
    room.membersVersion++;
  }
  if (state.isMe(nick)) state.operator = flags.includes("*");
}

/**
 * Marks us in the lists of people as an operator of the server, or not.
 * @param {PresentState} state
 */
export function markMe(state) {
  for (const room of state.rooms.values()) {
    const member = room.member(state.nick);
    if (member) member.isServerOperator = state.operator;
    room.membersVersion++;
  }
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
export function onAccount(state, message) {
  for (const room of state.rooms.values()) {
    const member = room.member(nickOf(message.source));
    if (!member) continue;
    member.account = accountOf(message.params[0]);
    room.membersVersion++;
  }
}

/**
 * Whether somebody has the rank of an operator in a room, or a higher one.
 * @param {import("./room.js").Member} [member]
 */
export function hasRank(member) {
  return /[~&@]/.test(member?.prefix ?? "");
}

/**
 * @param {PresentRoom} room
 * @param {import("./room.js").Member} member
 */
export function isOwner(room, member) {
  return Boolean(room.owner) && fold(member.account ?? "") === fold(room.owner);
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
