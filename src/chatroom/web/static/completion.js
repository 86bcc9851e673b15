/**
 * What the word before the cursor can be completed to: commands, names, rooms, emoji. No document.
 */

import { fold } from "./irc.js";
import { SLASH_COMMANDS, usageOf } from "./slash.js";
import { EMOJI, findEmoji } from "./emoji.js";
import { compareNames, tr } from "./strings.js";

const CHOICES_MAX = 8;

/**
 * `insert` takes the place of the whole word; `label` and `about` are what the list shows.
 * @typedef {{insert: string, label: string, about: string}} Choice
 */

/**
 * The word that ends at the cursor, and where it starts.
 * @param {string} text up to the cursor
 */
export function wordAt(text) {
  const start = text.search(/\S*$/);
  return { start, word: text.slice(start) };
}

/**
 * The likeliest first. A list opens by itself for commands, @names and emoji; for the rest only at Tab.
 * @param {import("./state.js").ChatState} state
 * @param {import("./room.js").Room} room
 * @param {string} text up to the cursor
 * @param {boolean} asked by Tab
 * @returns {Choice[]}
 */
export function choicesFor(state, room, text, asked) {
  const { start, word } = wordAt(text);
  if (start === 0 && /^\/[a-z]*$/i.test(word)) {
    const names = Object.keys(SLASH_COMMANDS).filter((name) => name.startsWith(word.slice(1).toLowerCase()));
    return names.map((name) => ({ insert: `/${name} `, label: usageOf(name), about: tr(`does_${name}`) }));
  }
  const emoji = /:([a-z0-9_+-]{2,})$/.exec(word);
  if (emoji && !word.includes("://")) {
    const before = word.slice(0, emoji.index);
    const names = findEmoji(emoji[1], CHOICES_MAX);
    return names.map((name) => ({ insert: `${before}${EMOJI.get(name)} `, label: `${EMOJI.get(name)} :${name}:`, about: "" }));
  }
  if (word.startsWith("#") && (asked || word.length > 1)) {
    const rooms = [...state.rooms.values()].filter((each) => !each.isDirect && fold(each.name).startsWith(fold(word)));
    return asked || rooms.length > 1 ? rooms.map((each) => ({ insert: `${each.name} `, label: each.name, about: "" })) : [];
  }
  const at = word.startsWith("@");
  if (!word || (!at && !asked)) return [];
  const end = start === 0 && !at ? ": " : " ";
  const wanted = fold(at ? word.slice(1) : word);
  const nicks = likelyNicks(state, room).filter((nick) => fold(nick).startsWith(wanted));
  return nicks.slice(0, CHOICES_MAX).map((nick) => ({ insert: `${at ? "@" : ""}${nick}${end}`, label: nick, about: "" }));
}

/**
 * Who spoke last first, ourselves last.
 * @param {import("./state.js").ChatState} state
 * @param {import("./room.js").Room} room
 */
function likelyNicks(state, room) {
  const here = room.isDirect ? [room.name] : [...room.members.values()].map((member) => member.nick);
  const spoke = room.speakers.filter((nick) => room.isDirect || room.member(nick));
  const sorted = here.sort((a, b) => compareNames(a, b));
  const unique = new Map([...spoke, ...sorted].map((nick) => [fold(nick), nick]));
  return [...unique.values()].sort((a, b) => Number(state.isMe(a)) - Number(state.isMe(b)));
}
