/**
 * What the server says, done to the state: a table of handlers, one for each command and numeric.
 */

import { fold, isRoomName, nickOf } from "./irc.js";
import { cleanText, cleanWord } from "./text.js";
import { makeEntry } from "./state.js";
import { catchUp, historyArrived, historyFailed } from "./history.js";
import { settleEcho } from "./outbox.js";
import { banOf, onAway, onNames, onPresence, onWho, setAway } from "./presence.js";
import { refusalText } from "./refusals.js";
import { tr } from "./strings.js";

/** @typedef {import("./irc.js").Message} HandledLine */
/** @typedef {import("./state.js").ChatState} HandledState */
/** @typedef {import("./state.js").Room} HandledRoom */
/** @typedef {import("./state.js").Entry} HandledEntry */
/** @typedef {(state: HandledState, message: HandledLine) => void} Handler */

/** Codes of a FAIL that only tells why the numeric behind it comes. */
const REASONS = new Set(["NICKNAME_RESERVED", "TEMPORARILY_UNAVAILABLE"]);
/** A line has 512 bytes, a name 50. */
const JOINS_AT_ONCE = 8;

// ---- what people say ----

/**
 * The entry for a PRIVMSG or NOTICE; null for what is for programs.
 * @param {HandledState} state
 * @param {HandledLine} message
 * @returns {HandledEntry | null}
 */
function spoken(state, message) {
  let text = message.params[1] ?? "";
  let kind = message.command === "NOTICE" ? "notice" : "message";
  if (text[0] === "\x01") {
    if (!/^\x01ACTION /i.test(text)) return null;
    text = text.replace(/^\x01ACTION /i, "").replace(/\x01$/, "");
    kind = "action";
  }
  const entry = entryOf(state, message, kind, cleanText(text));
  entry.mention = !entry.own && kind !== "notice" && state.mentionsMe(entry.text);
  return entry;
}

/**
 * @param {HandledState} state
 * @param {HandledLine} message
 * @param {string} kind
 * @param {string} [text]
 */
function entryOf(state, message, kind, text = "") {
  const nick = cleanWord(nickOf(message.source));
  const time = Date.parse(message.tags.time ?? "") || state.now() + state.ahead;
  return makeEntry({ kind, text, nick, time, id: message.tags.msgid ?? "", own: state.isMe(nick) });
}

/** @type {Handler} */
function onSpoken(state, message) {
  const said = spoken(state, message);
  if (!said) return;
  if (said.kind === "notice" && (!message.source.includes("!") || fold(said.nick) === "nickserv")) {
    onService(state, said);
    return;
  }
  const target = (message.params[0] ?? "").replace(/^[@+%&~](?=#)/, "");
  const room = state.roomOfServer(state.isMe(target) && !said.own ? said.nick : target);
  if (!room) return;
  if (said.own && settleEcho(state, room, said, message.tags.label ?? "")) return;
  state.add(room, said);
}

/**
 * @param {HandledState} state
 * @param {HandledEntry} said
 */
function onService(state, said) {
  if (fold(said.nick) === "nickserv") state.events.push({ type: "service", text: said.text });
  else state.inform(said.text);
}

/** @type {Handler} */
function onRedact(state, message) {
  const [target = "", id = ""] = message.params;
  const name = state.isMe(target) && !state.isMe(nickOf(message.source)) ? nickOf(message.source) : target;
  const room = state.find(name);
  const entry = room?.redact(id);
  state.heard = state.heard.filter((each) => each.id !== id);
  state.events.push({ type: "redacted", id });
  const by = cleanWord(nickOf(message.source));
  if (room && entry && fold(entry.nick) !== fold(by)) room.add(entryOf(state, { ...message, tags: { time: message.tags.time } }, "info", tr("tookBack", { by, nick: entry.nick })));
}

/**
 * A part of a room's history has come, oldest first.
 * @param {HandledState} state
 * @param {string} name
 * @param {HandledLine[]} lines
 */
export function handleHistory(state, name, lines) {
  const room = state.find(name);
  if (!room) return;
  const entries = lines.filter((line) => /^(PRIVMSG|NOTICE)$/.test(line.command)).map((line) => spoken(state, line));
  historyArrived(state, room, /** @type {HandledEntry[]} */ (entries.filter(Boolean)));
}

/**
 * The server has found what was searched for.
 * @param {HandledState} state
 * @param {HandledLine[]} lines
 */
export function handleFound(state, lines) {
  /** @type {{room: string, entry: HandledEntry}[]} */
  const entries = [];
  for (const line of lines) {
    const entry = spoken(state, line);
    const target = line.params[0] ?? "";
    if (entry) entries.push({ room: state.isMe(target) ? entry.nick : target, entry });
  }
  state.events.push({ type: "found", entries });
}

/**
 * People to whom we have spoken, or who have spoken to us, while this device was away.
 * @type {Handler}
 */
function onTarget(state, message) {
  const [verb, name = ""] = message.params;
  if (verb !== "TARGETS" || isRoomName(name) || state.find(name)) return;
  const room = state.roomOfServer(name);
  if (!room) return;
  room.read = room.read || state.seen;
  catchUp(state, room);
}

// ---- who is where ----

/** @type {Handler} */
function onJoin(state, message) {
  const nick = nickOf(message.source);
  const room = state.roomOfServer(message.params[0] ?? "");
  if (!room) return;
  room.enter({ nick: cleanWord(nick), prefix: "", away: false });
  if (!state.isMe(nick)) {
    room.add(entryOf(state, message, "join"));
    return;
  }
  room.members.clear();
  room.joined = room.here = true;
  room.asked = room.needsKey = false;
  room.topic = "";
  room.modes = null;
  room.version++;
  room.enter({ nick: state.nick, prefix: "", away: state.away });
  catchUp(state, room);
}

/** @type {Handler} */
function onPart(state, message) {
  const room = state.find(message.params[0] ?? "");
  if (!room) return;
  const nick = nickOf(message.source);
  if (state.isMe(nick)) {
    room.joined = false;
    room.empty();
    room.version++;
  } else if (room.leave(nick)) {
    room.add(entryOf(state, message, "leave", cleanText(message.params[1] ?? "")));
  }
}

/** @type {Handler} */
function onKick(state, message) {
  const [name = "", whom = "", reason = ""] = message.params;
  const room = state.find(name);
  if (!room) return;
  const by = cleanWord(nickOf(message.source));
  const why = cleanText(reason);
  room.leave(whom);
  if (state.isMe(whom)) {
    room.joined = false;
    room.empty();
    room.add(entryOf(state, message, "error", tr(why ? "kickedYouWhy" : "kickedYou", { by, room: room.name, why })));
  } else {
    const nick = cleanWord(whom);
    room.add(entryOf(state, message, "info", tr(why ? "kickedWhy" : "kicked", { by, nick, why })));
  }
}

/** @type {Handler} */
function onQuit(state, message) {
  const nick = nickOf(message.source);
  const reason = cleanText(message.params[0] ?? "");
  const [killed, by = "", why = ""] = /^Killed \(([^\s:)]+)(?:: (.*))?\)$/.exec(reason) ?? [];
  for (const room of state.rooms.values()) {
    if (!room.leave(nick)) continue;
    if (killed) room.add(entryOf(state, message, "info", tr(why ? "thrownOffWhy" : "thrownOff", { by, nick: cleanWord(nick), why })));
    else room.add(entryOf(state, message, "leave", reason));
  }
}

/** @type {Handler} */
function onNick(state, message) {
  const old = nickOf(message.source);
  const name = message.params[0] ?? "";
  const mine = state.isMe(old);
  if (mine) state.renameSelf(name);
  for (const room of [...state.rooms.values()]) {
    const member = room.member(old);
    if (member) {
      room.leave(old);
      room.enter({ ...member, nick: name });
      room.add(entryOf(state, message, "rename", cleanWord(name)));
    } else if (room.isDirect && fold(room.name) === fold(old) && !mine && (!state.find(name) || fold(old) === fold(name))) {
      state.rename(room, name);
      room.add(entryOf(state, message, "rename", cleanWord(name)));
    }
  }
  if (mine) state.events.push({ type: "account" });
}

/** @type {Handler} */
function onTopicTold(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (!room) return;
  room.topic = message.command === "332" ? cleanWord(message.params[2] ?? "") : "";
  room.version++;
}

/** @type {Handler} */
function onTopic(state, message) {
  const room = state.find(message.params[0] ?? "");
  if (!room) return;
  room.topic = cleanWord(message.params[1] ?? "");
  const by = cleanWord(nickOf(message.source));
  room.add(entryOf(state, message, "info", tr(room.topic ? "topicSet" : "topicRemoved", { by, topic: room.topic })));
}

/** @type {Handler} */
function onInvite(state, message) {
  const [whom = "", room = ""] = message.params;
  const by = cleanWord(nickOf(message.source));
  if (state.isMe(whom)) state.inform(tr("invitedYou", { by, room: cleanWord(room) }));
}

/** @type {Handler} */
function onMode(state, message) {
  const room = state.find(message.params[0] ?? "");
  if (!room) return;
  const ranks = state.ranks();
  const signs = new Map(state.ranks());
  const [lists = "", always = "", whenSet = ""] = (state.isupport.CHANMODES ?? "b,k,l,imnpst").split(",");
  const params = message.params.slice(2);
  const by = cleanWord(nickOf(message.source));
  let adding = true;
  for (const letter of message.params[1] ?? "") {
    if (letter === "+" || letter === "-") {
      adding = letter === "+";
      continue;
    }
    const takes = signs.has(letter) || (lists + always).includes(letter) || (whenSet.includes(letter) && adding);
    const param = takes ? (params.shift() ?? "") : "";
    const member = room.member(param);
    if (signs.has(letter) && member) {
      const held = member.prefix.replace(signs.get(letter) ?? "", "") + (adding ? signs.get(letter) : "");
      member.prefix = ranks.map(([, sign]) => sign).filter((sign) => held.includes(sign)).join("");
      room.membersVersion++;
    }
    if (letter === "b" && adding) room.banned.set(cleanWord(param), by);
    else if (letter === "b") room.banned.delete(cleanWord(param));
    else if (adding) room.modes?.add(letter);
    else room.modes?.delete(letter);
    if (letter === "k") room.key = adding ? param : "";
    room.add(entryOf(state, { ...message, tags: { time: message.tags.time } }, "info", modeText(by, adding, letter, cleanWord(param))));
  }
}

/**
 * @param {string} by
 * @param {boolean} adding
 * @param {string} letter
 * @param {string} param
 */
function modeText(by, adding, letter, param) {
  const { isMute, nick } = banOf(param);
  const kind = letter === "b" && isMute ? "q" : letter;
  const key = `mode${adding ? "Plus" : "Minus"}_${kind}`;
  if (fold(by) === fold(nick) && tr(`${key}_self`)) return tr(`${key}_self`, { nick }); // an owner who comes in
  return tr(key, { by, nick }) || tr("modeOther", { by, mode: `${adding ? "+" : "-"}${letter}${param ? ` ${param}` : ""}` });
}

// ---- the connection ----

/** @type {Handler} */
function onWelcome(state, message) {
  state.renameSelf(message.params[0] ?? state.nick);
  const again = state.wasRegistered;
  state.registered = state.wasRegistered = true;
  if (state.away) state.send("AWAY", state.awayText || tr("awayText"));
  const wanted = [...state.rooms.values()].filter((room) => !room.isDirect && room.joined);
  wanted.sort((a, b) => Number(b === state.current) - Number(a === state.current));
  const open = wanted.filter((room) => !room.key).map((room) => room.name);
  for (let i = 0; i < open.length; i += JOINS_AT_ONCE) state.send("JOIN", open.slice(i, i + JOINS_AT_ONCE).join(","));
  for (const room of wanted) if (room.key) state.send("JOIN", room.name, room.key);
  state.events.push({ type: "welcome" });
  state.version += again ? 1 : 0;
}

/**
 * The greeting is over: now it is known what the server can do.
 * @type {Handler}
 */
function onGreeted(state) {
  for (const room of state.rooms.values()) {
    if (!room.isDirect) continue;
    state.watch(room);
    catchUp(state, room);
  }
  if (state.seen && state.account && state.caps.has("draft/chathistory")) {
    const [from, to] = [new Date(state.seen), new Date(state.now() + 60_000)].map((time) => time.toISOString());
    state.send("CHATHISTORY", "TARGETS", `timestamp=${from}`, `timestamp=${to}`, "50");
  }
}

/** @type {Handler} */
function onIsupport(state, message) {
  for (const word of message.params.slice(1, -1)) {
    const at = word.indexOf("=");
    if (at < 0) state.isupport[word] = "";
    else state.isupport[word.slice(0, at)] = word.slice(at + 1);
  }
}

/** @type {Handler} */
function onError(state, message) {
  state.events.push({ type: "refused", why: "closed", text: cleanText(message.params.at(-1) ?? "") });
}

/** @type {Handler} */
function onLoggedIn(state, message) {
  state.account = message.command === "900" ? (message.params[2] ?? "") : "";
  if (!state.account || state.offered) state.password = state.account ? state.offered : "";
  state.offered = "";
  const wanted = state.wantedName;
  state.wantedName = "";
  if (state.account && fold(wanted) === fold(state.account) && !state.isMe(wanted)) state.send("NICK", state.account);
  state.events.push({ type: "account" });
}

/** @type {Handler} */
function onAwayTold(state, message) {
  state.away = message.command === "306";
  for (const room of state.rooms.values()) setAway(room, state.nick, state.away);
  state.inform(tr(state.away ? "youAreAway" : "youAreBack"));
  state.events.push({ type: "account" });
}

/** @type {Handler} */
function onMarkRead(state, message) {
  const room = state.find(message.params[0] ?? "");
  const read = Date.parse((message.params[1] ?? "").replace("timestamp=", ""));
  if (!room || !read || read <= room.read) return;
  room.read = read;
  room.recount();
}

// ---- answers ----

/** @type {Handler} */
function onFail(state, message) {
  const [command, code = "", ...about] = message.params;
  const text = cleanText(about.pop() ?? "");
  if (command === "CHATHISTORY") {
    for (const room of state.rooms.values()) if (about.some((word) => fold(word) === fold(room.name))) historyFailed(state, room);
    return;
  }
  if (code === "SESSION_REPLACED") {
    state.events.push({ type: "refused", why: "elsewhere", text });
    return;
  }
  if (command === "SEARCH") state.events.push({ type: "found", entries: [] });
  if (REASONS.has(code)) state.reason = code;
  if (REASONS.has(code) || command === "MARKREAD" || state.refused(message.tags.label ?? "", text)) return;
  state.inform(text, "error");
}

/**
 * A room doesn't let us in.
 * @type {Handler}
 */
function onNotJoined(state, message) {
  const room = state.find(message.params[1] ?? "");
  const text = refusalText(message);
  if (room && !room.here) {
    room.joined = false;
    const waiting = room.pending.filter((entry) => entry.delivery !== "failed");
    for (const entry of waiting) Object.assign(entry, { delivery: "failed", why: text, version: entry.version + 1 });
    room.version++;
    room.needsKey = message.command === "475";
    if (room.needsKey) state.events.push({ type: "key", room });
  }
  state.inform(text, "error", room);
}

/** @type {Handler} */
function onNotSent(state, message) {
  if (state.refused(message.tags.label ?? "", refusalText(message))) return;
  const room = state.find(message.params[1] ?? "");
  state.inform(refusalText(message), "error", room && !room.isDirect ? room : undefined);
}

/** @type {Handler} */
function onWhois(state, message) {
  const params = message.params.map(cleanWord);
  if (message.command === "301") for (const room of state.rooms.values()) setAway(room, params[1] ?? "", true);
  state.inform(tr(`whois${message.command}`, { nick: params[1], a: params[2], b: params[3], c: params[4], last: params.at(-1) ?? "" }));
}

/** @type {Handler} */
function onList(state, message) {
  const [, name = "", people = "0", topic = ""] = message.params;
  state.listing.push({ name: cleanWord(name), people: Number(people) || 0, topic: cleanWord(topic) });
}

/** @type {Handler} */
function onListEnd(state) {
  const rooms = state.listing.sort((a, b) => b.people - a.people || a.name.localeCompare(b.name));
  state.listing = [];
  state.events.push({ type: "rooms", rooms });
}

/** @type {Handler} */
function onBanListed(state, message) {
  const [, room = "", mask = "", by = ""] = message.params.map(cleanWord);
  state.find(room)?.banned.set(mask, nickOf(by));
}

/** @type {Handler} */
function onBansEnd(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (room && state.asked.delete(`bans ${room.name}`)) state.events.push({ type: "bans", room });
}

/** @type {Handler} */
function onModes(state, message) {
  const room = state.find(message.params[1] ?? "");
  if (room) room.modes = new Set(message.params[2] ?? "");
  if (room && !state.asked.delete(`modes ${room.name}`)) return;
  state.inform(tr("modesAre", { room: cleanWord(message.params[1] ?? ""), modes: cleanWord(message.params.slice(2).join(" ")) }));
}

/** @type {Handler} */
function onPing(state, message) {
  state.send("PONG", message.params.at(-1) ?? "");
}

/** @type {Handler} */
function onAck(state, message) {
  const ours = state.sent.get(message.tags.label ?? "");
  if (!ours) return; // taken, and said to nobody: so it is with what is said to a service
  state.sent.delete(message.tags.label);
  ours.room.unpend(ours.entry);
}

/** @type {Handler} */
function onMotd(state, message) {
  if (state.version === 0) state.inform(cleanText(message.params.at(-1) ?? "").replace(/^- /, ""));
}

/** @type {Handler} */
function onOper(state) {
  state.operator = true;
  state.inform(tr("youAreOperator"));
}

/**
 * Answers that say nothing that the page doesn't show.
 * @type {Handler}
 */
function ignore() {}

/**
 * Any other answer is one to something that the user asked: they read its words.
 * @type {Handler}
 */
function onOther(state, message) {
  if (!/^\d\d\d$/.test(message.command)) return;
  const failed = message.command >= "400";
  const text = refusalText(message, state.reason);
  state.reason = "";
  if (failed && state.refused(message.tags.label ?? "", text)) return;
  state.inform(text, failed ? "error" : "info");
}

/**
 * @param {string[]} commands
 * @param {Handler} handler
 */
function all(commands, handler) {
  return Object.fromEntries(commands.map((command) => [command, handler]));
}

/** @type {Record<string, Handler>} */
const HANDLERS = {
  PRIVMSG: onSpoken,
  NOTICE: onSpoken,
  REDACT: onRedact,
  CHATHISTORY: onTarget,
  JOIN: onJoin,
  PART: onPart,
  KICK: onKick,
  QUIT: onQuit,
  NICK: onNick,
  MODE: onMode,
  TOPIC: onTopic,
  INVITE: onInvite,
  AWAY: onAway,
  MARKREAD: onMarkRead,
  PING: onPing,
  FAIL: onFail,
  ERROR: onError,
  ACK: onAck,
  "001": onWelcome,
  "005": onIsupport,
  305: onAwayTold,
  306: onAwayTold,
  322: onList,
  323: onListEnd,
  324: onModes,
  331: onTopicTold,
  332: onTopicTold,
  353: onNames,
  354: onWho,
  367: onBanListed,
  368: onBansEnd,
  372: onMotd,
  376: onGreeted,
  381: onOper,
  422: onGreeted,
  730: onPresence,
  731: onPresence,
  900: onLoggedIn,
  901: onLoggedIn,
  ...all(["301", "311", "312", "313", "317", "319", "330", "335", "671"], onWhois),
  ...all(["401", "403", "404", "411", "412", "417"], onNotSent),
  ...all(["405", "471", "473", "474", "475", "476", "477"], onNotJoined),
  ...all(
    ["002", "003", "004", "250", "251", "252", "253", "254", "255", "265", "266", "315", "318", "321", "329", "333", "366",
      "375", "379", "396", "734", "ACCOUNT", "PONG", "SETNAME", "TAGMSG", "WARN", "NOTE", "WALLOPS"],
    ignore,
  ),
};

/**
 * Does to the state what a line says.
 * @param {HandledState} state
 * @param {HandledLine} message
 */
export function handleLine(state, message) {
  (HANDLERS[message.command] ?? onOther)(state, message);
}
