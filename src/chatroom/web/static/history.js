/**
 * Fetches what was said before (IRCv3 draft/chathistory): what we missed, what is further up, what is around a match.
 *
 * There is one request a room at a time. Does nothing where the server keeps no history.
 */

import { isBefore, isSpoken } from "./entries.js";
import { flushRoom, settleEcho } from "./outbox.js";

/** @typedef {import("./state.js").ChatState} HistoryState */
/** @typedef {import("./room.js").Room} HistoryRoom */
/** @typedef {import("./entries.js").Entry} HistoryEntry */

const PAGE_MESSAGES = 100;
/** What we missed is fetched in so many pages; who missed more begins at the end and scrolls up. */
const GAP_PAGES = 10;

/**
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 * @param {string} verb LATEST, AFTER, BEFORE or AROUND
 * @param {string} bound
 */
function requestHistory(state, room, verb, bound) {
  if (!state.caps.has("draft/chathistory") || !room.here) {
    flushRoom(state, room);
    return;
  }
  room.request = verb;
  room.isFetched = true;
  room.version++;
  const limit = Math.min(PAGE_MESSAGES, Number(state.isupport.CHATHISTORY) || PAGE_MESSAGES);
  state.send("CHATHISTORY", verb, room.name, bound, String(limit));
}

/**
 * We are in the room, maybe again: fetches what we missed, then sends what waits.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 */
export function catchUp(state, room) {
  room.pages = 0;
  room.isKept = false;
  const last = room.entry(room.lastId);
  room.knownId = last?.id ?? "";
  if (room.hasNewer) room.clear();
  // In a conversation what we knew last is asked for, too: whether it is there tells whether this one is kept.
  if (room.isDirect && last) requestHistory(state, room, "AFTER", `timestamp=${new Date(last.time - 1).toISOString()}`);
  else if (room.lastId) requestHistory(state, room, "AFTER", `msgid=${room.lastId}`);
  else requestHistory(state, room, "LATEST", "*");
}

/**
 * Fetches what was said before in a conversation that has just been opened: by a message of theirs, or by us.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 */
export function openConversation(state, room) {
  if (!room.isDirect || room.isFetched || room.request || !state.registered || !state.account) return;
  requestHistory(state, room, "LATEST", "*");
}

/**
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 */
export function fetchOlder(state, room) {
  if (room.hasOlder && !room.request && room.firstId) requestHistory(state, room, "BEFORE", `msgid=${room.firstId}`);
}

/**
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 */
export function fetchNewer(state, room) {
  if (room.hasNewer && !room.request && room.lastId) requestHistory(state, room, "AFTER", `msgid=${room.lastId}`);
}

/**
 * Goes back to the end of a room whose end is not kept.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 */
export function fetchLatest(state, room) {
  if (!room.hasNewer) return;
  room.clear();
  requestHistory(state, room, "LATEST", "*");
}

/**
 * Shows a message that was found, with what stands around it.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 * @param {string} id
 */
export function fetchAround(state, room, id) {
  if (room.ids.has(id)) state.events.push({ type: "show", room, id });
  else {
    room.wantedId = id;
    requestHistory(state, room, "AROUND", `msgid=${id}`);
  }
}

/**
 * A part of the history has come, oldest first.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 * @param {HistoryEntry[]} entries
 */
export function historyArrived(state, room, entries) {
  const verb = room.request || "LATEST";
  const isPage = entries.length >= PAGE_MESSAGES / 2; // servers may leave out what can't be shown
  room.request = "";
  room.version++;
  if (room.knownId && entries.some((entry) => entry.id === room.knownId)) room.isKept = true;
  const others = entries.filter((entry) => !(entry.own && !room.ids.has(entry.id) && settleEcho(state, room, entry, "")));
  if (verb === "AROUND") {
    around(state, room, others);
    return;
  }
  const wasNewer = room.hasNewer;
  const fresh = room.merge(others);
  if (verb === "BEFORE") {
    room.hasOlder = entries.length > 0 && fresh.length > 0;
    room.trimNewest();
    return;
  }
  if (verb === "LATEST") room.hasOlder = isPage;
  if (wasNewer && verb === "AFTER") {
    room.hasNewer = isPage && fresh.length > 0;
    room.trimOldestIfFull();
    return;
  }
  count(state, room, fresh);
  if (verb === "AFTER" && isPage && fresh.length) {
    room.pages++;
    const [next, bound] = room.pages < GAP_PAGES ? ["AFTER", `msgid=${room.lastId}`] : ["LATEST", "*"];
    if (next === "LATEST") room.clear();
    requestHistory(state, room, next, bound);
    return;
  }
  room.trimOldestIfFull();
  flushRoom(state, room);
}

/**
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 * @param {HistoryEntry[]} entries
 */
function around(state, room, entries) {
  room.clear();
  room.merge(entries);
  room.hasOlder = room.hasNewer = true;
  state.events.push({ type: "show", room, id: room.wantedId });
}

/**
 * Counts what came while nobody looked.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 * @param {HistoryEntry[]} fresh
 */
function count(state, room, fresh) {
  if (!room.read) {
    // The first time here nothing is new; of an account that was here before, what came since it spoke.
    const own = room.messages.filter((entry) => state.account && entry.own && isSpoken(entry)).at(-1);
    const next = own && room.messages.find((entry) => isBefore(own, entry)); // in the same millisecond, maybe
    room.read = next ? next.time - 1 : (room.messages.at(-1)?.time ?? state.now() + state.ahead);
  }
  for (const entry of fresh) if (isSpoken(entry) && !entry.own && entry.time > room.read) room.countUnread(entry);
  room.version += fresh.length; // as many changes, of which those that fit are drawn first
  if (room === state.lookedAt) state.markRead(room);
}

/**
 * The server doesn't know the message that we asked from, or has no history of this place.
 * @param {HistoryState} state
 * @param {HistoryRoom} room
 */
export function historyFailed(state, room) {
  const verb = room.request;
  room.request = "";
  room.version++;
  if (verb === "AFTER" && !room.hasNewer) requestHistory(state, room, "LATEST", "*");
  else if (verb === "BEFORE") room.hasOlder = false;
  else flushRoom(state, room);
}
