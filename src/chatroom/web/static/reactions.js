/**
 * Answers, reactions and "… is typing": what the client tags of IRCv3 tell beside the words. No document.
 */

import { fold, nickOf, renderLine } from "./irc.js";
import { answeredId } from "./entries.js";
import { cleanText, cleanWord } from "./text.js";

/** @typedef {import("./state.js").ChatState} ReactionsState */
/** @typedef {import("./room.js").Room} ReactionsRoom */
/** @typedef {import("./entries.js").Entry} ReactionsEntry */

export const QUICK_REACTIONS = ["👍", "❤️", "😂", "🎉", "🤔", "👀"];
/** As the server has it. */
const KINDS_MAX = 20;
const REACTION_CHARACTERS = 64;
/** Who types says so again after this time at the earliest. */
const TYPING_PAUSE_MS = 3_000;
/** Who has not said so again for this time types no more. */
const TYPING_MS = 6_000;
const TYPING_PEOPLE_MAX = 20;
/** Refusals of what nobody has asked for are shown to nobody. */
export const TYPING_LABEL = "typing";

/**
 * A TAGMSG, from now or of the history.
 * @param {ReactionsState} state
 * @param {import("./irc.js").Message} message
 */
export function onTagmsg(state, message) {
  const nick = cleanWord(nickOf(message.source));
  const target = message.params[0] ?? "";
  const room = state.find(state.isMe(target) && !state.isMe(nick) ? nick : target);
  if (!room) return;
  const { tags } = message;
  const reaction = cleanText(tags["+draft/react"] ?? tags["+draft/unreact"] ?? "").slice(0, REACTION_CHARACTERS);
  if (reaction) react(room, answeredId(tags), reaction, nick, "+draft/react" in tags);
  else if ("+typing" in tags && !state.isMe(nick)) setTyping(state, room, nick, tags["+typing"] === "active");
}

/**
 * @param {ReactionsRoom} room
 * @param {string} id
 * @param {string} reaction
 * @param {string} nick
 * @param {boolean} isOn
 */
function react(room, id, reaction, nick, isOn) {
  const entry = room.entry(id);
  if (!entry) return;
  if (!entry.reactions.size) entry.reactions = new Map();
  const people = entry.reactions.get(reaction) ?? new Map();
  if (isOn && (entry.reactions.has(reaction) || entry.reactions.size < KINDS_MAX)) entry.reactions.set(reaction, people.set(fold(nick), nick));
  else if (!isOn && people.delete(fold(nick)) && !people.size) entry.reactions.delete(reaction);
  entry.version++;
  room.version++;
}

/**
 * Reacts to a message, or takes that back.
 * @param {ReactionsState} state
 * @param {ReactionsRoom} room
 * @param {ReactionsEntry} entry
 * @param {string} reaction
 */
export function toggleReaction(state, room, entry, reaction) {
  const isOn = entry.reactions.get(reaction)?.has(fold(state.nick));
  state.sendLine?.(renderLine("TAGMSG", [room.name], { [isOn ? "+draft/unreact" : "+draft/react"]: reaction, "+draft/reply": entry.id }));
}

/**
 * Whether one can answer a message, and react to it.
 * @param {ReactionsState} state
 * @param {ReactionsEntry} entry
 */
export function canAnswer(state, entry) {
  return Boolean(entry.id) && state.registered && state.caps.has("message-tags");
}

// ---- typing ----

/**
 * @param {ReactionsState} state
 * @param {ReactionsRoom} room
 * @param {string} nick
 * @param {boolean} isTyping
 */
export function setTyping(state, room, nick, isTyping) {
  if (!isTyping) room.typing.delete(nick);
  else if (room.typing.size < TYPING_PEOPLE_MAX || room.typing.has(nick)) room.typing.set(nick, state.now() + TYPING_MS);
}

/**
 * Who types in a room at this moment.
 * @param {ReactionsState} state
 * @param {ReactionsRoom} room
 */
export function typingIn(state, room) {
  const now = state.now();
  for (const [nick, until] of room.typing) if (until < now) room.typing.delete(nick);
  return [...room.typing.keys()];
}

/**
 * Tells the others that we type, or that we type no more.
 * @param {ReactionsState} state
 * @param {ReactionsRoom} room
 * @param {boolean} isTyping
 */
export function tellTyping(state, room, isTyping) {
  const now = state.now();
  if (!state.registered || !room.here || !state.caps.has("message-tags")) return;
  if (isTyping ? now - room.toldTyping < TYPING_PAUSE_MS : !room.toldTyping) return;
  room.toldTyping = isTyping ? now : 0;
  state.sendLine?.(renderLine("TAGMSG", [room.name], { "+typing": isTyping ? "active" : "done", label: TYPING_LABEL }));
}
