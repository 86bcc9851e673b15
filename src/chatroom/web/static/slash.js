/**
 * The commands that can be typed with a slash: one table. `//x` says "/x". No document.
 */

import { isSpoken } from "./entries.js";
import { fold, roomNamed } from "./irc.js";
import { askIgnored, setIgnored } from "./ignoring.js";
import { flushRoom } from "./outbox.js";
import { fetchLatest } from "./history.js";
import { toggleReaction } from "./reactions.js";
import { Room } from "./room.js";
import { tr } from "./strings.js";

/** @typedef {import("./state.js").ChatState} SlashState */
/** @typedef {import("./room.js").Room} SlashRoom */

/** Sent at once: five messages of the server's longest. */
const SAID_CHARACTERS_MAX = 20_000;

/** What stands for something else in the usages; the table of texts has them in this order. */
const PLACES = "DEVICE EMOJI KEY LANGUAGE MODES NAME NEW OLD PASSWORD ROOM SECONDS TEXT TIME WHY WORDS".split(" ");

/** The command can't be carried out as it was typed; the message says what is missing. */
export class Misuse extends Error {}

/**
 * What a command wants of the page: to go to a room, to search, to speak a language, to show what is older or the help, to leave.
 * @typedef {{go?: SlashRoom, search?: string, mentions?: boolean, language?: string, older?: boolean, help?: boolean, quit?: boolean} | void} Wish
 */
/**
 * `secret` lines are not offered again.
 * @typedef {{usage: string, act: (state: SlashState, room: SlashRoom, rest: string) => Wish, argument?: boolean,
 *   offline?: boolean, secret?: boolean}} SlashCommand
 */

/**
 * Carries out what was typed: says a text, or does a command.
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} line
 * @returns {Wish}
 */
export function runLine(state, room, line) {
  if (!line.startsWith("/") || line.startsWith("//")) {
    say(state, room, line.startsWith("//") ? line.slice(1) : line);
    return;
  }
  let [, typed = "", rest = ""] = /^\/(\S*)\s*([^]*)$/.exec(line) ?? [];
  const name = ALIASES.get(typed.toLowerCase()) ?? typed.toLowerCase();
  const command = Object.hasOwn(SLASH_COMMANDS, name) ? SLASH_COMMANDS[name] : undefined;
  if (!command) throw new Misuse(tr("noCommand", { name: typed }));
  if (command.argument && !rest.trim()) throw misused(name);
  const [, there = "", more = ""] = (TAKES_ROOM.has(name) && /^(#\S+)\s*([^]*)$/.exec(rest)) || [];
  if (there) {
    room = state.find(there) ?? new Room(there);
    rest = more;
    if (command.argument && !rest.trim()) throw misused(name);
  }
  if (IN_ROOMS.has(name) && room.isDirect) throw new Misuse(tr("onlyInRooms", { name, nick: room.name }));
  if (!command.offline && !state.registered) throw new Misuse(tr("noConnection"));
  return command.act(state, room, rest.trim());
}

/**
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} text
 * @param {"message"|"action"} [kind]
 */
function say(state, room, text, kind = "message") {
  if (text.length > SAID_CHARACTERS_MAX) throw new Misuse(tr("tooLong", { count: SAID_CHARACTERS_MAX }));
  if (!room.joined && !room.here) throw new Misuse(tr("notInRoom", { room: room.name }));
  const { editing, answering } = room;
  if (editing && !state.registered) throw new Misuse(tr("noConnection"));
  fetchLatest(state, room);
  if (editing) state.send("REDACT", room.name, editing.id);
  state.say(room, text, kind, editing ? editing.answers : (answering?.id ?? ""), Boolean(editing));
  room.answering = room.editing = null;
  room.toldTyping = 0; // what is said tells it
  flushRoom(state, room);
}

/**
 * Whether there is a password in what was typed, also behind blanks, or may be: NickServ is told them.
 * @param {string} line
 */
export function isSecretLine(line) {
  const [, name = "", to = ""] = /^\s*\/(\w+)\s+(\S*)/.exec(line.toLowerCase()) ?? [];
  if (to === "nickserv") return true;
  return Boolean(Object.hasOwn(SLASH_COMMANDS, name) && SLASH_COMMANDS[name].secret);
}

/**
 * A name, a time ("" for good) and a reason. What begins with a digit is a time, or the server says that it is none.
 * @param {string} rest
 */
function timed(rest) {
  const [nick = "", first = "", ...more] = rest.split(/\s+/);
  return /^[+.,-]*\d/.test(first) ? [nick, first, more.join(" ")] : [nick, "", [first, ...more].join(" ").trim()];
}

/**
 * KICK, BAN or MUTE with a name, a time and a reason.
 * @param {SlashState} state
 * @param {string} command
 * @param {SlashRoom} room
 * @param {string} nick
 * @param {string} length
 * @param {string} why
 */
export function moderate(state, command, room, nick, length, why) {
  const reason = command === "KICK" && length && !why ? nick : why;
  state.send(command, ...[room.name, nick, length, reason].filter(Boolean));
}

/** @param {string} command */
function moderation(command) {
  return (/** @type {SlashState} */ state, /** @type {SlashRoom} */ room, /** @type {string} */ rest) => {
    const [nick, length, why] = timed(rest);
    moderate(state, command, room, nick, length, why);
  };
}

/** @param {string} change */
function rank(change) {
  return (/** @type {SlashState} */ state, /** @type {SlashRoom} */ room, /** @type {string} */ rest) =>
    state.send("MODE", room.name, change, rest.split(" ")[0]);
}

/**
 * A request to NickServ, which manages claimed names.
 * @param {SlashState} state
 * @param {string} request
 */
export function askService(state, request) {
  state.send("PRIVMSG", "NickServ", request);
}

/**
 * Logs in to a claimed name, and takes that name once it has worked.
 * @param {SlashState} state
 * @param {string} name
 * @param {string} password
 */
export function logIn(state, name, password) {
  state.wantedName = name;
  state.offered = password;
  askService(state, `IDENTIFY ${name} ${password}`);
}

/**
 * Claims the name that we have.
 * @param {SlashState} state
 * @param {string} password
 */
export function claimName(state, password) {
  state.offered = password;
  askService(state, `REGISTER ${password}`);
}

/** @param {SlashState} state */
function demandGuest(state) {
  if (state.account) throw new Misuse(tr("loggedInAlready", { nick: state.account }));
}

/**
 * The old and the new one, as they are typed behind /password.
 * @param {string} text
 * @returns {[string, string]}
 */
function passwords(text) {
  const [old, ...rest] = text.trim().split(/\s+/);
  return [old, rest.join(" ")];
}

/**
 * @param {SlashState} state
 * @param {string} old
 * @param {string} password
 */
export function changePassword(state, old, password) {
  state.offered = password;
  askService(state, `SET PASSWORD ${old} ${password}`.trim());
}

/**
 * @param {SlashState} state
 * @param {string} [text] why; without one we are back
 */
export function markAway(state, text) {
  state.awayText = text ?? "";
  state.send("AWAY", ...(text ? [text] : []));
}

/**
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} seconds "0" or "off" turns slow mode off
 */
export function setSlowMode(state, room, seconds) {
  const off = /^(off|0*)$/i.test(seconds);
  state.send("MODE", ...(off ? [room.name, "-W"] : [room.name, "+W", seconds.replace(/s$/, "")]));
}

/**
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} rest the name, and why
 */
export function renameRoom(state, room, rest) {
  const [name, ...why] = rest.split(" ");
  state.send("RENAME", room.name, roomNamed(name), ...(why.length ? [why.join(" ")] : []));
}

/**
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} key "" or "off" takes it away
 */
export function setKey(state, room, key) {
  const off = /^(off)?$/i.test(key);
  state.send("MODE", ...(off ? [room.name, "-k", room.key || "*"] : [room.name, "+k", key]));
}

/**
 * The last message of somebody that is shown in a room.
 * @param {SlashRoom} room
 * @param {string} nick
 */
function lastOf(room, nick) {
  for (let i = room.messages.length - 1; i >= 0; i--) {
    const entry = room.messages[i];
    if (entry.id && isSpoken(entry) && fold(entry.nick) === fold(nick)) return entry;
  }
  throw new Misuse(tr("saidNothing", { nick, room: room.name }));
}

/**
 * Our last message in a room, to be taken back by this command.
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} name
 */
function ownLast(state, room, name) {
  if (!state.caps.has("draft/message-redaction")) throw new Misuse(tr("noCommand", { name }));
  return lastOf(room, state.nick);
}

/**
 * @param {SlashState} state
 * @param {SlashRoom} room
 * @param {string} rest a name and an emoji
 * @param {boolean} isOn
 */
function reactTo(state, room, rest, isOn) {
  const [name, reaction = ""] = rest.split(/\s+/);
  if (!reaction) throw misused(isOn ? "react" : "unreact");
  const entry = lastOf(room, name);
  if (Boolean(entry.reactions.get(reaction)?.has(fold(state.nick))) !== isOn) toggleReaction(state, room, entry, reaction);
}

/**
 * A setting that the server keeps: NickServ has one, and the user's modes the other.
 * @param {SlashState} state
 * @param {string} rest
 */
function changeSetting(state, rest) {
  const [name, value = ""] = rest.toLowerCase().split(/\s+/);
  if (!name) return askService(state, "SET");
  if (!/^(replay|strangers|stay)$/.test(name)) throw new Misuse(tr("noSetting", { name }));
  if (!/^(on|off)$/.test(value)) throw misused("set");
  if (name !== "strangers") return askService(state, `SET ${name} ${value}`);
  state.asked.add("strangers");
  state.send("MODE", state.nick, value === "on" ? "-R" : "+R");
  state.send("MODE", state.nick); // is answered also where that changes nothing
}

/**
 * How a command is used, with its places named in the user's language.
 * @param {string} name
 */
export function usageOf(name) {
  const places = tr("places").split(" ");
  const { usage } = SLASH_COMMANDS[name];
  const whole = TAKES_ROOM.has(name) ? usage.replace(/^\S+/, "$& [#ROOM]") : usage;
  return whole.replace(/[A-Z]{2,}/g, (word) => places[PLACES.indexOf(word)] ?? word);
}

/** @param {string} name */
function misused(name) {
  return new Misuse(tr("usage", { usage: usageOf(name) }));
}

/**
 * Asks about a person, and for the answer to be shown by itself.
 * @param {SlashState} state
 * @param {string} nick
 */
export function askPerson(state, nick) {
  state.asked.add(`person ${fold(nick)}`);
  state.told = [];
  state.send("WHOIS", nick);
}

/**
 * Asks who is banned or muted, and for the list to be shown.
 * @param {SlashState} state
 * @param {SlashRoom} room
 */
export function askBans(state, room) {
  state.asked.add(`bans ${room.name}`);
  room.banned.clear();
  state.send("MODE", room.name, "b");
}

/** @type {Record<string, SlashCommand>} */
export const SLASH_COMMANDS = {
  help: { usage: "/help", act: () => ({ help: true }), offline: true },
  join: {
    usage: "/join ROOM [KEY]",
    act: (state, room, rest) => {
      const [name, key = ""] = rest.split(/\s+/);
      if (name.includes(",")) throw new Misuse(tr("oneRoom"));
      return { go: state.join(roomNamed(name), key) };
    },
    argument: true,
    offline: true,
  },
  leave: {
    usage: "/leave [ROOM]",
    act: (state, room, rest) => {
      state.close((rest && state.find(rest)) || room);
      return { go: state.current };
    },
    offline: true,
  },
  rooms: {
    usage: "/rooms",
    act: (state) => {
      state.asked.add("rooms");
      state.send("LIST");
    },
  },
  who: {
    usage: "/who",
    act: (state, room) => {
      const names = [...room.members.values()].map((member) => member.prefix.slice(0, 1) + member.nick);
      state.inform(tr("whoIsHere", { room: room.name, names: names.join(", ") || tr("nobody") }), "info", room);
    },
    offline: true,
  },
  whois: { usage: "/whois NAME", act: (state, room, rest) => state.send("WHOIS", rest.split(" ")[0]), argument: true },
  msg: {
    usage: "/msg NAME [TEXT]",
    act: (state, room, rest) => {
      const [, name = "", text = ""] = /^(\S+)\s*([^]*)$/.exec(rest) ?? [];
      if (fold(name) === "nickserv") {
        askService(state, text); // which is told passwords: it is no conversation to show
        return undefined;
      }
      const there = state.room(name);
      if (text) say(state, there, text);
      return { go: there };
    },
    argument: true,
    offline: true,
  },
  me: { usage: "/me TEXT", act: (state, room, rest) => say(state, room, rest, "action"), argument: true, offline: true },
  reply: {
    usage: "/reply NAME TEXT",
    act: (state, room, rest) => {
      const [, name = "", text = ""] = /^(\S+)\s*([^]*)$/.exec(rest) ?? [];
      if (!text) throw misused("reply");
      room.answering = lastOf(room, name);
      say(state, room, text);
    },
    argument: true,
  },
  react: { usage: "/react NAME EMOJI", act: (state, room, rest) => reactTo(state, room, rest, true), argument: true },
  unreact: { usage: "/unreact NAME EMOJI", act: (state, room, rest) => reactTo(state, room, rest, false), argument: true },
  undo: {
    usage: "/undo",
    act: (state, room) => state.send("REDACT", room.name, ownLast(state, room, "undo").id),
  },
  edit: {
    usage: "/edit TEXT",
    act: (state, room, rest) => {
      room.editing = ownLast(state, room, "edit");
      say(state, room, rest);
    },
    argument: true,
  },
  nick: { usage: "/nick NAME", act: (state, room, rest) => state.send("NICK", rest.replace(/\s+/g, "_")), argument: true },
  topic: {
    usage: "/topic [TEXT]",
    act: (state, room, rest) => {
      if (rest) state.send("TOPIC", room.name, rest);
      else state.inform(tr(room.topic ? "topicIs" : "noTopic", { room: room.name, topic: room.topic }), "info", room);
    },
  },
  ignore: {
    usage: "/ignore [NAME]",
    act: (state, room, rest) => (rest ? setIgnored(state, rest.split(" ")[0], true) : askIgnored(state, true)),
  },
  unignore: { usage: "/unignore NAME", act: (state, room, rest) => setIgnored(state, rest.split(" ")[0], false), argument: true },
  away: { usage: "/away [WHY]", act: (state, room, rest) => markAway(state, rest || tr("awayText")) },
  back: { usage: "/back", act: (state) => markAway(state) },
  invite: { usage: "/invite NAME", act: (state, room, rest) => state.send("INVITE", rest.split(" ")[0], room.name), argument: true },
  rename: { usage: "/rename NEW [WHY]", act: renameRoom, argument: true },
  kick: { usage: "/kick NAME [TIME] [WHY]", act: moderation("KICK"), argument: true },
  ban: { usage: "/ban NAME [TIME] [WHY]", act: moderation("BAN"), argument: true },
  unban: { usage: "/unban NAME", act: (state, room, rest) => state.send("UNBAN", room.name, rest.split(" ")[0]), argument: true },
  bans: { usage: "/bans", act: askBans },
  mute: { usage: "/mute NAME [TIME] [WHY]", act: moderation("MUTE"), argument: true },
  unmute: { usage: "/unmute NAME", act: (state, room, rest) => state.send("UNMUTE", room.name, rest.split(" ")[0]), argument: true },
  op: { usage: "/op NAME", act: rank("+o"), argument: true },
  deop: { usage: "/deop NAME", act: rank("-o"), argument: true },
  voice: { usage: "/voice NAME", act: rank("+v"), argument: true },
  devoice: { usage: "/devoice NAME", act: rank("-v"), argument: true },
  slow: { usage: "/slow SECONDS|off", act: setSlowMode, argument: true },
  key: { usage: "/key KEY|off", act: setKey, argument: true },
  quiet: {
    usage: "/quiet [off]",
    act: (state, room, rest) => state.send("MODE", room.name, rest.toLowerCase() === "off" ? "-m" : "+m"),
  },
  mode: {
    usage: "/mode [MODES]",
    act: (state, room, rest) => {
      if (!rest) state.asked.add(`modes ${room.name}`);
      state.send("MODE", room.name, ...rest.split(/\s+/).filter(Boolean));
    },
  },
  register: {
    usage: "/register PASSWORD",
    act: (state, room, rest) => {
      demandGuest(state);
      claimName(state, rest);
    },
    argument: true,
    secret: true,
  },
  login: {
    usage: "/login [NAME] PASSWORD",
    act: (state, room, rest) => {
      demandGuest(state);
      const words = rest.split(/\s+/);
      logIn(state, words.length > 1 ? words[0] : state.nick, words.at(-1) ?? "");
    },
    argument: true,
    secret: true,
  },
  logout: { usage: "/logout [DEVICE]", act: (state, room, rest) => askService(state, `LOGOUT ${rest}`.trim()) },
  devices: { usage: "/devices", act: (state) => askService(state, "DEVICES") },
  password: { usage: "/password OLD NEW", act: (state, room, rest) => changePassword(state, ...passwords(rest)), argument: true, secret: true },
  set: { usage: "/set [replay|strangers|stay on|off]", act: (state, room, rest) => changeSetting(state, rest) },
  lang: { usage: "/lang [LANGUAGE]", act: (state, room, rest) => ({ language: rest.toLowerCase() }), offline: true },
  oper: { usage: "/oper PASSWORD", act: (state, room, rest) => state.send("OPER", state.nick, rest), argument: true, secret: true },
  mentions: { usage: "/mentions", act: () => ({ mentions: true }) },
  history: { usage: "/history", act: () => ({ older: true }), offline: true },
  servers: { usage: "/servers", act: (state) => state.send("LINKS") },
  search: { usage: "/search WORDS", act: (state, room, rest) => ({ search: rest }) },
  quit: { usage: "/quit", act: () => ({ quit: true }), offline: true },
};

/** What can be done in another room, too, which is named first; and all that can't be done in a conversation. */
const TAKES_ROOM = new Set([
  "invite", "kick", "ban", "unban", "bans", "mute", "unmute", "op", "deop", "voice", "devoice", "slow", "key", "quiet", "mode",
]);
const IN_ROOMS = new Set([...TAKES_ROOM, "topic", "rename"]);

const ALIASES = new Map(Object.entries({ j: "join", part: "leave", list: "rooms", query: "msg", names: "who", h: "help" }));
