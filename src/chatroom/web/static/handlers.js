/**
 * What the server says, done to the state: a table of handlers, one for each command and numeric.
 */

import { accountOf, fold, isRoomName, nickOf } from "./irc.js";
import { cleanText, cleanWord } from "./text.js";
import { doerOf, entryOf, setDelivery, tellingOf, timeOf } from "./entries.js";
import { LANGUAGES } from "./handshake.js";
import { askIgnored, onIgnored, onIgnoredEnd, onSilence } from "./ignoring.js";
import { catchUp, historyArrived, historyFailed } from "./history.js";
import { settleEcho } from "./outbox.js";
import { onAllOwnModes, onBanListed, onBansEnd, onMode, onModes, onOwner } from "./modes.js";
import { onAccount, onAway, onNames, onNamesEnd, onPresence, onWho, markMe, setAway } from "./presence.js";
import { onTagmsg, setTyping, TYPING_LABEL } from "./reactions.js";
import { reasonOf, refusalText } from "./refusals.js";
import { timeSpan } from "./phrases.js";
import { compareNames, tr } from "./strings.js";

/** @typedef {import("./irc.js").Message} HandledLine */
/** @typedef {import("./state.js").ChatState} HandledState */
/** @typedef {import("./room.js").Room} HandledRoom */
/** @typedef {import("./entries.js").Entry} HandledEntry */
/** @typedef {(state: HandledState, message: HandledLine) => void} Handler */

/** Codes of a FAIL that only tells why the numeric behind it comes, as each one about NICK does. */
const REASONS = new Set(["TEMPORARILY_UNAVAILABLE"]);
/** What WHOIS tells of addresses and servers: who asks about a person in a room does not ask for that. */
const TECHNICAL = new Set(["311", "312"]);
/** Who takes something back and says something within this time has edited it. */
const EDIT_MS = 3_000;
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

/** @type {Handler} */
function onSpoken(state, message) {
  const said = spoken(state, message);
  if (!said) return;
  if (said.kind === "notice" && (!message.source.includes("!") || fold(said.nick) === "nickserv")) {
    if (message.params[0] === "*" && state.registered) state.inform(tr("announcement", { text: said.text }), "announcement");
    else onService(state, said, message.tags["chatroom/code"] ?? "");
    return;
  }
  const target = (message.params[0] ?? "").replace(/^[@+%&~](?=#)/, "");
  const room = state.roomOfServer(state.isMe(target) && !said.own ? said.nick : target);
  if (!room) return;
  setTyping(state, room, said.nick, false);
  const { nick, time } = room.takenBack;
  said.edited = nick === fold(said.nick) && said.time - time <= EDIT_MS;
  room.takenBack = { nick: "", time: 0 };
  if (said.own && settleEcho(state, room, said, message.tags.label ?? "")) return;
  state.add(room, said);
}

/**
 * @param {HandledState} state
 * @param {HandledEntry} said
 * @param {string} code what NickServ means, by a tag of the server's own
 */
function onService(state, said, code) {
  if (fold(said.nick) !== "nickserv") {
    state.inform(said.text);
    return;
  }
  if (code === "password-set") state.password = state.offered;
  state.offered = "";
  state.events.push({ type: "service", text: said.text, isDone: code === "password-set" });
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
  if (!room || !entry) return;
  if (fold(entry.nick) === fold(by)) room.takenBack = { nick: fold(by), time: timeOf(state, message) };
  else room.add(tellingOf(state, message, tr("tookBack", { by, nick: entry.nick })));
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
  for (const line of lines) if (line.command === "TAGMSG") onTagmsg(state, line);
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
  const account = accountOf(message.params[1]); // extended-join
  room.enter({ nick: cleanWord(nick), prefix: "", away: false, account });
  if (!state.isMe(nick)) {
    room.add(entryOf(state, message, "join"));
    return;
  }
  room.members.clear();
  room.refuse(null);
  room.joined = room.here = true;
  room.asked = room.needsKey = false;
  room.topic = "";
  room.modes = null;
  room.version++;
  room.enter({ nick: state.nick, prefix: "", away: state.away, account });
  catchUp(state, room);
}

/** @type {Handler} */
function onPart(state, message) {
  const room = state.find(message.params[0] ?? "");
  if (!room) return;
  const nick = nickOf(message.source);
  if (state.isMe(nick)) {
    room.goOut();
  } else if (room.leave(nick)) {
    room.add(entryOf(state, message, "leave", cleanText(message.params[1] ?? "")));
  }
}

/** @type {Handler} */
function onKick(state, message) {
  const [name = "", whom = "", reason = ""] = message.params;
  const room = state.find(name);
  if (!room) return;
  const by = doerOf(message);
  const why = fold(reason) === fold(nickOf(message.source)) ? "" : cleanText(reason); // so servers say that no reason was given
  room.leave(whom);
  if (state.isMe(whom)) {
    room.goOut();
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
  const by = doerOf(message);
  room.add(entryOf(state, message, "info", tr(room.topic ? "topicSet" : "topicRemoved", { by, topic: room.topic })));
}

/**
 * A room goes on under another name; what we had under that one before is over.
 * @type {Handler}
 */
function onRename(state, message) {
  const [old = "", name = "", reason = ""] = message.params;
  const room = state.find(old);
  if (!room || room.isDirect || !isRoomName(name)) return;
  const before = state.find(name);
  if (before && before !== room) {
    if (before === state.current) state.current = room;
    room.takeOver(before);
  }
  const places = { by: doerOf(message), room: room.name, name: cleanWord(name), why: cleanText(reason) };
  state.rename(room, name);
  room.add(entryOf(state, message, "info", tr(places.why ? "roomRenamedWhy" : "roomRenamed", places)));
  state.events.push({ type: "renamed", room });
}

/**
 * The room that we wanted to join is called otherwise now, so we join that.
 * @param {HandledState} state
 * @param {string} old
 * @param {string} name
 */
function onRenamedBefore(state, old, name) {
  if (!isRoomName(name)) return;
  const room = state.find(old);
  const isLookedAt = room === state.current;
  if (room && !state.find(name)) state.rename(room, name);
  else if (room) {
    state.room(name).takeOver(room);
    state.close(room);
  }
  if (isLookedAt) state.current = state.room(name);
  state.inform(tr("calledNow", { room: cleanWord(old), name: cleanWord(name) }), "info", state.room(name));
  state.join(name, room?.key ?? "");
}

/** @type {Handler} */
function onInvite(state, message) {
  const [whom = "", room = ""] = message.params;
  const by = cleanWord(nickOf(message.source));
  if (state.isMe(whom)) state.inform(tr("invitedYou", { by, room: cleanWord(room) }));
}

// ---- the connection ----

/** @type {Handler} */
function onWelcome(state, message) {
  state.renameSelf(message.params[0] ?? state.nick);
  state.isBack = state.wasRegistered;
  state.registered = state.wasRegistered = true;
  tellLanguage(state);
  if (state.away) state.send("AWAY", state.awayText || tr("awayText"));
  const wanted = [...state.rooms.values()].filter((room) => !room.isDirect && room.joined);
  wanted.sort((a, b) => Number(b === state.current) - Number(a === state.current));
  const open = wanted.filter((room) => !room.key).map((room) => room.name);
  for (let i = 0; i < open.length; i += JOINS_AT_ONCE) state.send("JOIN", open.slice(i, i + JOINS_AT_ONCE).join(","));
  for (const room of wanted) if (room.key) state.send("JOIN", room.name, room.key);
  state.events.push({ type: "welcome" });
}

/**
 * The greeting is over: now it is known what the server can do.
 * @type {Handler}
 */
function onGreeted(state) {
  askIgnored(state);
  if (state.wasOperator && !state.operator) state.inform(tr("noOperator"));
  state.wasOperator = false;
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

/**
 * Tells the server which language the user has chosen. The account keeps that: so an account is told once, and not at each
 * login, which would undo what was chosen elsewhere since.
 * @param {HandledState} state
 */
export function tellLanguage(state) {
  if (!state.chosenLanguage || !state.registered || !state.caps.has(LANGUAGES)) return;
  state.send("LANGUAGE", state.chosenLanguage);
  if (state.account) state.chosenLanguage = "";
}

/** @type {Handler} */
function onLoggedIn(state, message) {
  state.account = message.command === "900" ? (message.params[2] ?? "") : "";
  if (!state.account || state.offered) state.password = state.account ? state.offered : "";
  state.offered = "";
  if (state.account) tellLanguage(state);
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

/** Why a connection was ended that must not come back by itself. */
const ENDS = new Map([["SESSION_REPLACED", "elsewhere"], ["SESSION_ENDED", "ended"], ["SESSION_KILLED", "killed"]]);

/** @type {Handler} */
function onFail(state, message) {
  const [command, code = "", ...about] = message.params;
  const text = cleanText(about.pop() ?? "");
  if (command === "CHATHISTORY") {
    for (const room of state.rooms.values()) if (about.some((word) => fold(word) === fold(room.name))) historyFailed(state, room);
    return;
  }
  if (code === "CHANNEL_RENAMED") return onRenamedBefore(state, about[0] ?? "", about[1] ?? "");
  if (ENDS.has(code)) {
    state.events.push({ type: "refused", why: ENDS.get(code) ?? "", text, nick: cleanWord(about[0] ?? "") });
    return;
  }
  if (code === "PASSWORD_CHANGED") return; // the next login asks for the new one
  if (command === "SEARCH") state.events.push({ type: "found", entries: [] });
  if (message.tags.label === TYPING_LABEL) return;
  const isReason = command === "NICK" || REASONS.has(code);
  if (isReason) state.reason = reasonOf(message);
  if (isReason || command === "MARKREAD" || state.refused(message.tags.label ?? "", text)) return;
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
    room.giveUp(text);
    room.needsKey = message.command === "475";
    if (room.needsKey) state.events.push({ type: "key", room, wrong: room.key ? text : "" });
    room.key = "";
    room.refuse(state.note(text, "error", room));
    return;
  }
  state.inform(text, "error", room);
}

/** @type {Handler} */
function onNotSent(state, message) {
  if (message.tags.label === TYPING_LABEL) return;
  if (state.refused(message.tags.label ?? "", refusalText(message))) return;
  const room = state.find(message.params[1] ?? "");
  state.inform(refusalText(message), "error", room && !room.isDirect ? room : undefined);
}

/** @type {Handler} */
function onWhois(state, message) {
  const params = message.params.map(cleanWord);
  const room = state.find(params[1] ?? "");
  const isAbsent = room?.isDirect && !room.online && state.isupport.MONITOR;
  if (message.command === "301" && room && (isAbsent || params.at(-1) === tr("isKept"))) {
    state.inform(tr("willWait", { nick: room.name }), "info", room); // it is no away message: nobody is here
    return;
  }
  if (message.command === "301") for (const each of state.rooms.values()) setAway(each, params[1] ?? "", true);
  const [, nick = "", a, b, c] = params;
  const isShown = state.asked.has(`person ${fold(nick)}`);
  if (isShown && TECHNICAL.has(message.command)) return;
  const isPlain = message.command === "301" && params.at(-1) === tr("awayText");
  const text = tr(`whois${message.command}${isPlain ? "_" : ""}`, { nick, a, b, c, span: timeSpan(Number(a)), last: (params.at(-1) ?? "").replace(/(^| )[~&@%+]+(?=#)/g, "$1") });
  if (isShown) state.told.push(text);
  else state.inform(text);
}

/** @type {Handler} */
function onWhoisEnd(state, message) {
  const nick = cleanWord(message.params[1] ?? "");
  if (!state.asked.delete(`person ${fold(nick)}`)) return;
  const told = state.told.splice(0);
  if (told.length) state.events.push({ type: "person", nick, told });
}

/** @type {Handler} */
function onList(state, message) {
  const [, name = "", people = "0", text = ""] = message.params;
  const [, closed = "", topic = ""] = /^(?:\[\+(\w*)\] ?)?(.*)$/.exec(cleanWord(text)) ?? [];
  state.listing.push({ name: cleanWord(name), people: Number(people) || 0, topic, closed });
}

/** @type {Handler} */
function onListEnd(state) {
  const rooms = state.listing.sort((a, b) => b.people - a.people || compareNames(a.name, b.name));
  state.listing = [];
  state.events.push({ type: "rooms", rooms });
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
  if (!state.isBack) state.inform(cleanText(message.params.at(-1) ?? "").replace(/^- /, ""));
}

/** @type {Handler} */
function onOper(state) {
  state.operator = true;
  markMe(state);
  state.inform(tr("youAreOperator"));
}

/**
 * Any other numeric answers something that the user asked: they read its words.
 * @type {Handler}
 */
function onOther(state, message) {
  if (message.tags.label === TYPING_LABEL || !/^\d\d\d$/.test(message.command)) return;
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
  TAGMSG: onTagmsg,
  CHATHISTORY: onTarget,
  JOIN: onJoin,
  PART: onPart,
  KICK: onKick,
  QUIT: onQuit,
  NICK: onNick,
  MODE: onMode,
  TOPIC: onTopic,
  RENAME: onRename,
  INVITE: onInvite,
  AWAY: onAway,
  SILENCE: onSilence,
  ACCOUNT: onAccount,
  MARKREAD: onMarkRead,
  PING: onPing,
  FAIL: onFail,
  ERROR: onError,
  ACK: onAck,
  "001": onWelcome,
  "005": onIsupport,
  221: onAllOwnModes,
  271: onIgnored,
  272: onIgnoredEnd,
  ...all(["305", "306"], onAwayTold),
  318: onWhoisEnd,
  322: onList,
  323: onListEnd,
  324: onModes,
  325: onOwner,
  331: onTopicTold,
  332: onTopicTold,
  341: (state, message) => state.inform(tr("invited", { nick: cleanWord(message.params[1] ?? ""), room: cleanWord(message.params[2] ?? "") })),
  353: onNames,
  354: onWho,
  // One of the servers that are this chat: what is told of it stands behind its distance.
  364: (state, message) => state.inform(tr("quote", { nick: cleanWord(message.params[1] ?? ""), text: cleanText(message.params.at(-1) ?? "").replace(/^\d+ /, "") })),
  366: onNamesEnd,
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
  ...all(["301", "311", "312", "313", "317", "319", "330", "335", "338", "671"], onWhois),
  ...all(["401", "403", "404", "411", "412", "417"], onNotSent),
  ...all(["405", "471", "473", "474", "475", "476", "477"], onNotJoined),
  // These say nothing that the page doesn't show.
  ...all(
    ["002", "003", "004", "250", "251", "252", "253", "254", "255", "265", "266", "315", "321", "329", "333",
      "365", "375", "379", "396", "687", "734"],
    () => {},
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
