/**
 * A room or a conversation: who is in it, what was said there, and what is on its way. No document, no socket.
 *
 * Laws of a room's messages:
 *
 * - `messages` is what the server has confirmed, in the server's order. It is one stretch of the history without a
 *   hole: `hasOlder` and `hasNewer` tell whether the server may have more before and behind it.
 * - Nothing with a known id is in it twice.
 * - `pending` are our own messages that the server has not confirmed, in the order in which they were written.
 * - At most `KEPT_MESSAGES` are kept; the server's history has the rest.
 */

import { isBefore, isSpoken, setDelivery } from "./entries.js";
import { fold, isRoomName } from "./irc.js";
import { tr } from "./strings.js";

/** About 4 MB a room. */
export const KEPT_MESSAGES = 5_000;
/** Forgotten at once, so that forgetting costs little a message. */
const TRIMMED_MESSAGES = 500;
const MEMBERS_MAX = 100_000;
const SPEAKERS_KEPT = 50;

/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {{nick: string, prefix: string, away: boolean, account?: string, isServerOperator?: boolean}} Member */

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
    /** @type {Entry | null} why we were not let in, at the last try */
    this.refusal = null;
    /** @type {Set<string> | null} letters; null before we have asked */
    this.modes = null;
    /** The account whose room it is, as far as we have asked. */
    this.owner = "";
    /** @type {Map<string, import("./modes.js").Ban>} by mask */
    this.banned = new Map();
    /** @type {Map<string, Member>} */
    this.members = new Map();
    /** Whether the person of a conversation is here. */
    this.online = this.away = false;
    /** @type {Entry[]} */
    this.messages = [];
    /** @type {Entry[]} */
    this.pending = [];
    this.hasOlder = this.hasNewer = false;
    /** Somebody reads further up: what they read is not forgotten, and what is new is left to the history. */
    this.isHeld = false;
    /** The part of the history that was asked for and has not arrived. */
    this.request = "";
    /** Whether any part of the history was asked for. */
    this.isFetched = false;
    /** The id of a message to show when what is around it has come. */
    this.wantedId = "";
    this.pages = 0;
    /** What we knew last before we asked for what we missed, and whether the history has it. */
    this.knownId = "";
    this.isKept = false;
    this.unread = this.mentions = 0;
    /** The time of the last message that was read. */
    this.read = 0;
    /** Messages from this time on are under the line "New"; 0 where there is no line. */
    this.newFrom = 0;
    this.draft = "";
    /** @type {Entry | null} the message that the draft answers */
    this.answering = null;
    /** @type {Entry | null} the message of ours that the draft is to replace */
    this.editing = null;
    /** Who has taken back a message of theirs, folded, and when: what they say at once replaces it. */
    this.takenBack = { nick: "", time: 0 };
    /** @type {Map<string, number>} who types, and until when we believe it */
    this.typing = new Map();
    /** When we last told that we type; 0 if we don't. */
    this.toldTyping = 0;
    /** @type {Map<string, number>} which of the colours people have here, by folded name */
    this.colours = new Map();
    /** @type {string[]} last first */
    this.speakers = [];
    /** Grow with each change, so that what draws knows what to draw. */
    this.version = this.membersVersion = 0;
    /** Whether we have asked who is away. */
    this.asked = false;
    /** @type {Map<string, Entry | null>} the messages by id; null for one that was taken back, which must not come back */
    this.ids = new Map();
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

  /** @param {string} id */
  entry(id) {
    return this.ids.get(id) ?? undefined;
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
    if (entry.id) this.ids.set(entry.id, entry);
    if (entry.answers && !entry.own && this.entry(entry.answers)?.own) entry.mention = true;
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
    setDelivery(Object.assign(entry, { id, time, text }), "");
    this.add(entry);
  }

  /**
   * Takes back a message, and returns it.
   * @param {string} id
   */
  redact(id) {
    const entry = this.entry(id);
    if (!entry) return undefined;
    this.ids.set(id, null);
    this.messages.splice(this.messages.indexOf(entry), 1);
    this.version++;
    return entry;
  }

  /**
   * Says why we are not let in; null when we are. What was said of an earlier try is over.
   * @param {Entry | null} entry
   */
  refuse(entry) {
    this.messages = this.messages.filter((each) => each !== this.refusal);
    this.refusal = entry;
    if (entry) this.add(entry);
    this.version++;
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

  /** We are in this room no more. */
  goOut() {
    this.joined = this.here = this.isDirect;
    this.members.clear();
    this.membersVersion++;
    this.giveUp(tr("notInRoom", { room: this.name }));
  }

  /**
   * What waits here is not sent by itself: the user decides. What was sent has its answer to come.
   * @param {string} why
   */
  giveUp(why) {
    for (const entry of this.pending) {
      if (/unsure|waiting/.test(entry.delivery)) setDelivery(entry, "failed", entry.delivery === "unsure" ? "unknown" : why);
    }
    this.version++;
  }

  /**
   * Has what was written in another room, and has not arrived, before that one ends.
   * @param {Room} other
   */
  takeOver(other) {
    other.goOut();
    this.pending.push(...other.pending);
    this.draft = [other.draft, this.draft].filter(Boolean).join("\n");
  }
}
