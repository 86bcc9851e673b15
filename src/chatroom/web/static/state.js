/**
 * What the page knows: the rooms, who is in them, what was said, and what the user is saying. No document, no socket.
 */

import { isSpoken, makeEntry, setDelivery } from "./entries.js";
import { fold, renderLine } from "./irc.js";
import { hasRank } from "./presence.js";
import { KEPT_MESSAGES, Room } from "./room.js";
import { messagesOf, namePattern, normalizedText } from "./text.js";

export const LOBBY = "#lobby";
const ROOMS_MAX = 500;
/** Read aloud at once; of a flood the last. */
const HEARD_MAX = 4;
const MULTILINE_LINES = 32;
const MULTILINE_BYTES = 4096;

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./room.js").Member} Member */

/**
 * A row of the list of rooms; `closed` has the letters of the modes that keep people out.
 * @typedef {{name: string, people: number, topic: string, closed: string}} ListedRoom
 */

/**
 * What the page has to react to once, beside drawing.
 * @typedef {{type: "alert", room: Room, entry: Entry} | {type: "welcome"}
 *   | {type: "refused", why: string, text: string, nick?: string} | {type: "rooms", rooms: ListedRoom[]}
 *   | {type: "found", entries: {room: string, entry: Entry}[]} | {type: "service", text: string, isDone: boolean}
 *   | {type: "account"} | {type: "show", room: Room, id: string} | {type: "bans", room: Room} | {type: "renamed", room: Room} | {type: "key", room: Room, wrong: string} | {type: "redacted", id: string}
 *   | {type: "person", nick: string, told: string[]}} ScreenEvent
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
    /** Whether the server has let us in, over this connection. */
    this.registered = false;
    /** Whether it has over any, and over one before this. */
    this.wasRegistered = this.isBack = false;
    for (const name of rooms) this.room(name).joined = true;
    this.current = [...this.rooms.values()][0] ?? new Room(LOBBY);
    /**
     * The room that somebody sees right now.
     * @type {Room | null}
     */
    this.lookedAt = null;
    /**
     * The answer to LIST, as far as it has come.
     * @type {ListedRoom[]}
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
    /** The language that the user has chosen, and that their account does not know yet; "" if there is nothing to tell. */
    this.chosenLanguage = "";
    /** The code of the FAIL that tells why the next numeric comes. */
    this.reason = "";
    /** A password that the server has not judged yet, and the one that it took: to log in again after a loss. */
    this.offered = this.password = "";
    this.away = this.operator = false;
    /** At the last connection; whether that is over is known when we are in again. */
    this.wasOperator = false;
    /** @type {Map<string, string>} by folded name */
    this.ignored = new Map();
    this.awayText = "";
    /** @type {Set<string>} answers that the user waits for, such as "bans #tea"; the others only change what is known */
    this.asked = new Set();
    /** @type {string[]} what has come of an answer about a person */
    this.told = [];
    /** What the server's clock is ahead of ours, in milliseconds. */
    this.ahead = 0;
    /** The server's history from this time on was not seen by this device. */
    this.seen = 0;
    this.labels = 0;
    /** @type {Map<string, {room: Room, entry: Entry}>} */
    this.sent = new Map();
  }

  // ---- the connection ----

  /** @param {(line: string) => void} sendLine */
  connected(sendLine) {
    this.sendLine = sendLine;
    this.account = "";
    this.wasOperator ||= this.operator;
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
        if (entry.delivery === "sent") setDelivery(entry, "unsure");
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
    const others = [...this.rooms].filter(([key, each]) => each === room || key !== fold(name));
    this.rooms = new Map(others.map(([key, each]) => [each === room ? fold(name) : key, each]));
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
    return this.operator || hasRank(room.member(this.nick));
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
   * @param {"info"|"error"|"announcement"} [kind]
   * @param {Room} [room]
   */
  inform(text, kind = "info", room = this.current) {
    room.add(this.note(text, kind, room));
  }

  /**
   * What is told to this user alone: it stands behind what was said.
   * @param {string} text
   * @param {string} kind
   * @param {Room} room
   */
  note(text, kind, room) {
    const last = room.messages[room.messages.length - 1];
    return makeEntry({ kind, text, time: Math.max(this.now() + this.ahead, last?.time ?? 0) });
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
   * @param {string} [answers] the id of the message that it answers
   * @param {boolean} [edited]
   */
  say(room, text, kind = "message", answers = "", edited = false) {
    let said = normalizedText(text);
    if (kind === "action") said = said.replace(/\n+/g, " ");
    this.markRead(room); // who answers has read
    room.newFrom = 0;
    for (const part of messagesOf(said, kind === "action" ? 1 : MULTILINE_LINES, kind === "action" ? 300 : MULTILINE_BYTES)) {
      const entry = makeEntry({ kind, text: part, time: this.now(), nick: this.nick, own: true, delivery: "waiting", answers, edited });
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
    setDelivery(entry, "waiting");
    room.pending.push(entry);
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
    setDelivery(ours.entry, "failed", why);
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
