/**
 * What the page knows: the rooms, who is in them, what was said, and what the user is saying. No document, no socket.
 *
 * Laws of a room's messages:
 *
 * - `messages` is what the server has confirmed, in the server's order. It is one stretch of the history without a
 *   hole: `hasOlder` and `hasNewer` tell whether the server may have more before and behind it.
 * - Nothing with a known id is in it twice.
 * - `pending` are our own messages that the server has not confirmed, in the order in which they were written.
 * - At most `KEPT_MESSAGES` are kept; the server's history has the rest.
 */

import { fold, isRoomName, renderLine } from "./irc.js";
import { messagesOf, namePattern, normalizedText } from "./text.js";

export const LOBBY = "#lobby";
/** About 4 MB a room. */
export const KEPT_MESSAGES = 5_000;
/** Forgotten at once, so that forgetting costs little a message. */
const TRIMMED_MESSAGES = 500;
const ROOMS_MAX = 500;
const MEMBERS_MAX = 100_000;
const SPEAKERS_KEPT = 50;
/** Read aloud at once; of a flood the last. */
const HEARD_MAX = 4;
const MULTILINE_LINES = 32;
const MULTILINE_BYTES = 4096;

let serials = 0;

/**
 * One thing in a room. `time` is in milliseconds; `serial` names it on this page, `id` on the server.
 * A message of our own has `delivery` until the server has it: waiting (not sent), sent (no answer yet), unsure (sent
 * over a connection that died), failed (refused, or nobody can know).
 * @typedef {{serial: number, kind: string, time: number, nick: string, text: string, id: string, own: boolean,
 *   mention: boolean, delivery: ""|"waiting"|"sent"|"unsure"|"failed", why: string, version: number}} Entry
 */

/** @typedef {{nick: string, prefix: string, away: boolean}} Member */

/** What people say, as opposed to what happens. */
const SPOKEN = new Set(["message", "action", "notice"]);

/**
 * @param {Partial<Entry>} parts
 * @returns {Entry}
 */
export function makeEntry(parts) {
  return {
    serial: ++serials, kind: "message", time: 0, nick: "", text: "", id: "", own: false, mention: false, delivery: "",
    why: "", version: 0, ...parts,
  };
}

/** @param {Entry} entry */
export function isSpoken(entry) {
  return SPOKEN.has(entry.kind);
}

/**
 * Whether the server said `a` before `b`. Ids rise, and tell apart what was said in the same millisecond.
 * @param {Entry} a
 * @param {Entry} b
 */
function isBefore(a, b) {
  if (a.time !== b.time || !a.id || !b.id) return a.time < b.time;
  return a.id.length !== b.id.length ? a.id.length < b.id.length : a.id < b.id;
}

export class Room {
  /** @param {string} name a room's with its #, or a person's */
  constructor(name) {
    this.name = name;
    this.isDirect = !isRoomName(name);
    /** Wanted: stays true while the connection is down. */
    this.joined = this.isDirect;
    /** The server says that we are in it. */
    this.here = this.isDirect;
    this.topic = this.key = "";
    /** The server has refused us for want of a key. */
    this.needsKey = false;
    /** @type {Set<string> | null} letters; null before we have asked */
    this.modes = null;
    /** @type {Map<string, string>} mask → who set it, of bans and mutes */
    this.banned = new Map();
    /** @type {Map<string, Member>} */
    this.members = new Map();
    /** Whether the person of a conversation is here. */
    this.online = false;
    this.away = false;
    /** @type {Entry[]} */
    this.messages = [];
    /** @type {Entry[]} */
    this.pending = [];
    this.hasOlder = this.hasNewer = false;
    /** Somebody reads further up: what they read is not forgotten, and what is new is left to the history. */
    this.isHeld = false;
    /** The part of the history that was asked for and has not arrived. */
    this.request = "";
    /** The id of a message to show when what is around it has come. */
    this.wantedId = "";
    this.pages = 0;
    /** Whether the server keeps what is said here, as it has shown. */
    this.isKept = false;
    this.unread = this.mentions = 0;
    /** The time of the last message that was read. */
    this.read = 0;
    /** Messages from this time on are under the line "New"; 0 where there is no line. */
    this.newFrom = 0;
    this.draft = "";
    /** @type {string[]} last first */
    this.speakers = [];
    /** Grow with each change, so that what draws knows what to draw. */
    this.version = this.membersVersion = 0;
    /** Whether we have asked who is away. */
    this.asked = false;
    /** @type {Set<string>} */
    this.ids = new Set();
  }

  /** The newest message that the server knows. */
  get lastId() {
    for (let i = this.messages.length - 1; i >= 0; i--) if (this.messages[i].id) return this.messages[i].id;
    return "";
  }

  /** The oldest message that the server knows. */
  get firstId() {
    return this.messages.find((entry) => entry.id)?.id ?? "";
  }

  /**
   * Adds what has just happened; false when it is known already.
   * @param {Entry} entry
   */
  add(entry) {
    if (entry.id && this.ids.has(entry.id)) return false;
    if (isSpoken(entry) && !entry.own) this.spoke(entry.nick);
    this.version++;
    if (this.hasNewer && entry.id) return true; // it is behind what is kept; the history brings it
    this.insert(entry, this.messages.length);
    this.trimOldestIfFull();
    return true;
  }

  /**
   * Adds a part of the history, oldest first; returns what was not known.
   * @param {Entry[]} entries
   */
  merge(entries) {
    const fresh = entries.filter((entry) => !entry.id || !this.ids.has(entry.id));
    let at = this.messages.length;
    for (const entry of [...fresh].reverse()) {
      while (at > 0 && isBefore(entry, this.messages[at - 1])) at--;
      this.insert(entry, at, true);
    }
    this.version++;
    return fresh;
  }

  /**
   * @param {Entry} entry
   * @param {number} at
   * @param {boolean} [exact]
   */
  insert(entry, at, exact = false) {
    while (!exact && at > 0 && isBefore(entry, this.messages[at - 1]) && entry.id) at--;
    if (entry.id) this.ids.add(entry.id);
    this.messages.splice(at, 0, entry);
  }

  trimOldestIfFull() {
    if (this.messages.length > KEPT_MESSAGES + TRIMMED_MESSAGES) this.trimOldest();
  }

  trimOldest() {
    this.forget(this.messages.splice(0, this.messages.length - KEPT_MESSAGES));
    this.hasOlder = true;
  }

  /** Forgets the newest, while the user reads far back. */
  trimNewest() {
    if (this.messages.length <= KEPT_MESSAGES + TRIMMED_MESSAGES) return;
    this.forget(this.messages.splice(KEPT_MESSAGES));
    this.hasNewer = true;
  }

  /** @param {Entry[]} entries */
  forget(entries) {
    for (const entry of entries) this.ids.delete(entry.id);
    this.version++;
  }

  /** Forgets all messages but those that are not sent; the history brings them again. */
  clear() {
    this.messages = [];
    this.ids.clear();
    this.hasOlder = this.hasNewer = false;
    this.version++;
  }

  /**
   * Takes one of our messages out of those that wait.
   * @param {Entry} entry
   */
  unpend(entry) {
    this.pending = this.pending.filter((each) => each !== entry);
    this.version++;
  }

  /**
   * The server has one of our messages: it gets its place.
   * @param {Entry} entry
   * @param {Entry} echo
   */
  settle(entry, echo) {
    this.unpend(entry);
    if (echo.id && this.ids.has(echo.id)) return;
    const { id, time, text } = echo;
    Object.assign(entry, { id, time, text, delivery: "", why: "", version: entry.version + 1 });
    this.add(entry);
  }

  /**
   * Takes back a message, and returns it.
   * @param {string} id
   */
  redact(id) {
    const at = this.messages.findIndex((entry) => entry.id === id);
    if (at < 0) return undefined;
    this.version++;
    return this.messages.splice(at, 1)[0]; // its id stays known: it must not come back
  }

  /** @param {string} nick */
  spoke(nick) {
    if (this.speakers[0] === nick) return;
    this.speakers = [nick, ...this.speakers.filter((each) => each !== nick)].slice(0, SPEAKERS_KEPT);
  }

  /** @param {Entry} entry */
  countUnread(entry) {
    if (!this.unread) this.newFrom = entry.time;
    this.unread++;
    if (entry.mention || this.isDirect) this.mentions++;
    this.version++;
  }

  /** Counts again, after a mark has come from another device. */
  recount() {
    const unread = this.messages.filter((each) => isSpoken(each) && !each.own && each.time > this.read);
    this.unread = Math.min(this.unread, unread.length);
    this.mentions = Math.min(this.mentions, unread.filter((each) => each.mention || this.isDirect).length);
    this.version++;
  }

  /** @param {string} nick */
  member(nick) {
    return this.members.get(fold(nick));
  }

  /** @param {Member} member */
  enter(member) {
    const key = fold(member.nick);
    if (this.members.size < MEMBERS_MAX || this.members.has(key)) this.members.set(key, member);
    this.membersVersion++;
  }

  /** @param {string} nick */
  leave(nick) {
    this.membersVersion++;
    return this.members.delete(fold(nick));
  }

  /** Forgets who is here, because we are not any more. */
  empty() {
    this.here = this.isDirect;
    this.members.clear();
    this.membersVersion++;
  }
}

/**
 * What the page has to react to once, beside drawing.
 * @typedef {{type: "alert", room: Room, entry: Entry} | {type: "welcome"}
 *   | {type: "refused", why: string, text: string} | {type: "rooms", rooms: {name: string, people: number, topic: string}[]}
 *   | {type: "found", entries: {room: string, entry: Entry}[]} | {type: "service", text: string}
 *   | {type: "account"} | {type: "show", room: Room, id: string} | {type: "bans" | "key", room: Room} | {type: "redacted", id: string}} ScreenEvent
 */

export class ChatState {
  /**
   * @param {string} nick
   * @param {string[]} [rooms] wanted from the start; the first is the one to look at
   * @param {() => number} [now] milliseconds
   */
  constructor(nick, rooms = [LOBBY], now = Date.now) {
    this.now = now;
    this.nick = nick;
    /** Their pattern is made anew with the name. */
    this.me = namePattern(nick);
    /** @type {Map<string, Room>} by folded name, in the order in which they came */
    this.rooms = new Map();
    /** @type {Set<Room>} whose marks the server does not know yet */
    this.unmarked = new Set();
    this.registered = this.wasRegistered = false;
    for (const name of rooms) this.room(name).joined = true;
    this.current = [...this.rooms.values()][0] ?? new Room(LOBBY);
    /**
     * The room that somebody sees right now.
     * @type {Room | null}
     */
    this.lookedAt = null;
    /**
     * The answer to LIST, as far as it has come.
     * @type {{name: string, people: number, topic: string}[]}
     */
    this.listing = [];
    /** @type {ScreenEvent[]} */
    this.events = [];
    /**
     * What has just been said in the room that is shown, to be read aloud.
     * @type {Entry[]}
     */
    this.heard = [];
    /** @type {((line: string) => void) | null} */
    this.sendLine = null;
    /** @type {Set<string>} */
    this.caps = new Set();
    /** @type {Record<string, string>} */
    this.isupport = {};
    this.account = this.wantedName = "";
    /** The code of the FAIL that tells why the next numeric comes. */
    this.reason = "";
    /** A password that the server has not judged yet, and the one that it took: to log in again after a loss. */
    this.offered = this.password = "";
    this.away = this.operator = false;
    this.awayText = "";
    /** @type {Set<string>} answers that the user waits for, such as "bans #tea"; the others only change what is known */
    this.asked = new Set();
    /** What the server's clock is ahead of ours, in milliseconds. */
    this.ahead = 0;
    /** The server's history from this time on was not seen by this device. */
    this.seen = 0;
    this.labels = 0;
    /** @type {Map<string, {room: Room, entry: Entry}>} */
    this.sent = new Map();
    this.version = 0;
  }

  // ---- the connection ----

  /** @param {(line: string) => void} sendLine */
  connected(sendLine) {
    this.sendLine = sendLine;
    this.account = "";
    this.operator = false;
  }

  /** The connection is gone: nobody knows what became of what was sent and not answered. */
  lost() {
    this.sendLine = null;
    this.registered = false;
    this.caps.clear();
    this.sent.clear();
    for (const room of this.rooms.values()) {
      room.request = "";
      room.here = room.isDirect;
      room.online = room.asked = false;
      room.modes = null;
      for (const entry of room.pending) {
        if (entry.delivery === "sent") entry.delivery = "unsure";
        entry.version++;
      }
      room.version++;
      room.membersVersion++;
    }
  }

  /**
   * Sends a command, if there is a connection.
   * @param {string} command
   * @param {...string} params
   */
  send(command, ...params) {
    this.sendLine?.(renderLine(command, params));
  }

  // ---- rooms ----

  /** @param {string} name */
  find(name) {
    return this.rooms.get(fold(name));
  }

  /**
   * The room or conversation of that name; a new one if there is none.
   * @param {string} name
   */
  room(name) {
    let room = this.find(name);
    if (!room) {
      room = new Room(name);
      this.rooms.set(fold(name), room);
      if (room.isDirect) this.watch(room);
    }
    return room;
  }

  /**
   * The room that the server speaks of; undefined for one too many.
   * @param {string} name
   */
  roomOfServer(name) {
    return this.find(name) ?? (this.rooms.size < ROOMS_MAX && name ? this.room(name) : undefined);
  }

  /**
   * @param {string} name
   * @param {string} [key]
   */
  join(name, key = "") {
    const room = this.room(name);
    if (key) room.key = key;
    room.joined = true;
    if (this.registered && !room.here) this.send("JOIN", ...(room.key ? [name, room.key] : [name]));
    return room;
  }

  /**
   * Leaves a room, or puts away a conversation. The lobby, or another, is always there.
   * @param {Room} room
   */
  close(room) {
    if (!room.isDirect && room.joined && this.registered) this.send("PART", room.name);
    if (room.isDirect && this.registered) this.send("MONITOR", "-", room.name);
    this.rooms.delete(fold(room.name));
    if (!this.rooms.size) this.room(LOBBY);
    if (this.current === room) this.current = [...this.rooms.values()][0];
  }

  /**
   * Asks to be told when somebody comes and goes.
   * @param {Room} room
   */
  watch(room) {
    if (this.registered) this.send("MONITOR", "+", room.name);
  }

  /**
   * A conversation, or a room by its old name, goes on under a new one.
   * @param {Room} room
   * @param {string} name
   */
  rename(room, name) {
    this.rooms = new Map([...this.rooms].map(([key, each]) => (each === room ? [fold(name), each] : [key, each])));
    room.name = name;
    room.version++;
    if (room.isDirect) this.watch(room);
  }

  /** @param {string} nick */
  isMe(nick) {
    return fold(nick) === fold(this.nick);
  }

  /** @param {string} nick */
  renameSelf(nick) {
    this.nick = nick;
    this.me = namePattern(nick);
  }

  /** @param {string} text */
  mentionsMe(text) {
    return text.search(this.me) >= 0;
  }

  /**
   * Whether we may do in a room what its operators may.
   * @param {Room} room
   */
  isOperatorIn(room) {
    return this.operator || /[~&@]/.test(room.member(this.nick)?.prefix ?? "");
  }

  /**
   * Mode letter → sign of a member's rank, highest first.
   * @returns {[string, string][]}
   */
  ranks() {
    const [letters, signs] = (this.isupport.PREFIX ?? "(ov)@+").slice(1).split(")");
    return Array.from(letters, (letter, i) => [letter, signs[i]]);
  }

  // ---- what comes ----

  /**
   * Adds what has just been said or done in a room; counts it, and tells the page of it where that is due.
   * @param {Room} room
   * @param {Entry} entry
   */
  add(room, entry) {
    if (entry.id) this.ahead = entry.time - this.now();
    if (room.isHeld && room.messages.length >= KEPT_MESSAGES && this.caps.has("draft/chathistory")) room.hasNewer = true;
    if (!room.add(entry) || !isSpoken(entry) || entry.own) return;
    if (room === this.current) this.heard = [...this.heard.slice(1 - HEARD_MAX), entry];
    if (room === this.lookedAt && !room.hasNewer) {
      this.markRead(room);
      return;
    }
    room.countUnread(entry);
    if (entry.mention || room.isDirect) this.events.push({ type: "alert", room, entry });
  }

  /**
   * Tells this user alone something, in a room or where they are.
   * @param {string} text
   * @param {"info"|"error"} [kind]
   * @param {Room} [room]
   */
  inform(text, kind = "info", room = this.current) {
    const last = room.messages[room.messages.length - 1];
    room.add(makeEntry({ kind, text, time: Math.max(this.now() + this.ahead, last?.time ?? 0) }));
  }

  /**
   * Somebody has read a room to its end.
   * @param {Room} room
   */
  markRead(room) {
    const last = room.messages[room.messages.length - 1];
    if (room.unread) room.version++;
    room.unread = room.mentions = 0;
    if (!last || last.time <= room.read || room.hasNewer) return;
    room.read = last.time;
    this.unmarked.add(room);
  }

  /** Tells the server, and so the user's other devices, how far they have read. Call it every few seconds. */
  tellMarks() {
    for (const room of this.unmarked) {
      if (this.registered && this.caps.has("draft/read-marker") && room.here)
        this.send("MARKREAD", room.name, `timestamp=${new Date(room.read).toISOString()}`);
    }
    this.unmarked.clear();
  }

  // ---- what the user says ----

  /**
   * Sends a text: as one message, or as several where the server takes no longer ones.
   * @param {Room} room
   * @param {string} text
   * @param {"message"|"action"} [kind]
   */
  say(room, text, kind = "message") {
    let said = normalizedText(text);
    if (kind === "action") said = said.replace(/\n+/g, " ");
    this.markRead(room); // who answers has read
    room.newFrom = 0;
    for (const part of messagesOf(said, kind === "action" ? 1 : MULTILINE_LINES, kind === "action" ? 300 : MULTILINE_BYTES)) {
      const entry = makeEntry({ kind, text: part, time: this.now(), nick: this.nick, own: true, delivery: "waiting" });
      room.pending.push(entry);
    }
    room.version++;
  }

  /**
   * Sends a failed message once more.
   * @param {Room} room
   * @param {Entry} entry
   */
  retry(room, entry) {
    room.unpend(entry);
    room.pending.push(Object.assign(entry, { delivery: "waiting", why: "", version: entry.version + 1 }));
  }

  /**
   * The answer to a message of ours is a refusal.
   * @param {string} label
   * @param {string} why
   */
  refused(label, why) {
    const ours = this.sent.get(label);
    if (!ours) return false;
    this.sent.delete(label);
    Object.assign(ours.entry, { delivery: "failed", why, version: ours.entry.version + 1 });
    ours.room.version++;
    return true;
  }

  /** How many of our messages the server does not have yet. */
  get waiting() {
    let count = 0;
    for (const room of this.rooms.values()) count += room.pending.filter((each) => each.delivery !== "failed").length;
    return count;
  }
}
