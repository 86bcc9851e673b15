/**
 * The lists at the sides: rooms and conversations, and who is in the room.
 */

import { fold } from "../irc.js";
import { mutedIn } from "../modes.js";
import { hasRank, isOwner } from "../presence.js";
import { compareNames, tr } from "../strings.js";
import { badge, button, colourIn, el, nameOf, showList } from "./dom.js";

/** @typedef {import("../state.js").ChatState} SideState */
/** @typedef {import("../room.js").Room} SideRoom */
/** @typedef {import("../room.js").Member} SideMember */
/** @typedef {import("./dom.js").ListItem} SideItem */

/** Members in the document; a longer list tells how many more there are. */
const MEMBERS_SHOWN = 500;
export const COUNT_MAX = 99;

export class RoomsView {
  /**
   * @param {SideState} state
   * @param {{go: (room: SideRoom) => void, onJoin: () => void, onAccount: (anchor: HTMLElement) => void}} acts
   */
  constructor(state, acts) {
    this.state = state;
    this.acts = acts;
    this.rooms = el("div.list");
    this.people = el("div.list");
    this.peopleTitle = el("h2", {}, tr("conversations"));
    this.self = el("div.self");
    this.element = el(
      "nav.rooms",
      { "aria-label": tr("rooms"), id: "rooms" },
      el("h1", {}, tr("appName")),
      el("div.scroll", {}, el("h2", {}, tr("rooms")), this.rooms, button(".room.join", `+ ${tr("joinRoom")}`, acts.onJoin), this.peopleTitle, this.people),
      this.self,
    );
  }

  render() {
    const all = [...this.state.rooms.values()];
    showList(this.rooms, all.filter((room) => !room.isDirect).map((room) => this.item(room)));
    const direct = all.filter((room) => room.isDirect);
    this.peopleTitle.hidden = !direct.length;
    showList(this.people, direct.map((room) => this.item(room)));
    showList(this.self, [this.account()]);
  }

  /**
   * @param {SideRoom} room
   * @returns {SideItem}
   */
  item(room) {
    const isCurrent = room === this.state.current;
    const presence = presenceOf(room, this.state.registered);
    const waits = room.pending.some((entry) => entry.delivery === "failed");
    const sign = [room.name, isCurrent, room.unread, room.mentions, room.joined, presence, waits].join(" ");
    return { key: room.name, sign, build: () => this.build(room, isCurrent, presence) };
  }

  /**
   * @param {SideRoom} room
   * @param {boolean} isCurrent
   * @param {string} presence
   */
  build(room, isCurrent, presence) {
    const classes = [room.unread ? "unread" : "", room.joined ? "" : "left"].filter(Boolean).map((name) => `.${name}`).join("");
    const dot = room.isDirect && el(`span.dot.${presence}`, { role: "img", "aria-label": presenceName(presence) });
    const props = { type: "button", "aria-current": isCurrent ? "true" : undefined, onclick: () => this.acts.go(room) };
    return el(`button.room${classes}`, props, dot, nameOf(room.name, ".name"), countOf(room));
  }

  /** @returns {SideItem} */
  account() {
    const { nick, account, away, registered } = this.state;
    const presence = !registered ? "gone" : away ? "away" : "here";
    const status = !registered ? tr("offline") : [account ? tr("loggedIn") : tr("guest"), away && tr("youAway")].filter(Boolean).join(" · ");
    const build = () =>
      el(
        "button.account",
        { type: "button", "aria-label": `${nick}, ${status}. ${tr("accountMenu")}`, "aria-haspopup": "dialog", onclick: (/** @type {any} */ event) => this.acts.onAccount(event.currentTarget) },
        el(`span.dot.${presence}`),
        el("span.who", {}, nameOf(nick, ".name"), el("small", {}, status)),
        el("span.gear", { "aria-hidden": "true" }, "⚙"),
      );
    return { key: "me", sign: [nick, status].join(" "), build };
  }
}

/**
 * @param {SideRoom} room
 * @param {boolean} isConnected
 */
function presenceOf(room, isConnected) {
  if (!room.isDirect) return "";
  if (!isConnected || !room.online) return "gone";
  return room.away ? "away" : "here";
}

/** @param {string} presence */
function presenceName(presence) {
  return tr({ here: "isOnline", away: "isAway" }[presence] ?? "isOffline");
}

/** @param {SideRoom} room */
function countOf(room) {
  if (!room.unread) return null;
  const isForMe = room.mentions > 0;
  const count = isForMe ? room.mentions : room.unread;
  const label = tr(isForMe ? "mentionLabel" : "unreadLabel", { count });
  const text = `${isForMe && !room.isDirect ? "@" : ""}${count > COUNT_MAX ? `${COUNT_MAX}+` : count}`;
  return el(`span.count${isForMe ? ".for-me" : ""}`, { title: label }, el("span", { "aria-hidden": "true" }, text), el("span.unseen", {}, label));
}

export class MembersView {
  /**
   * @param {SideState} state
   * @param {(nick: string, anchor: HTMLElement) => void} onName
   */
  constructor(state, onName) {
    this.state = state;
    this.onName = onName;
    this.list = el("div.list");
    this.element = el("aside.members", { "aria-label": tr("members"), id: "members" }, this.list);
    this.drawn = "";
    /** @type {Set<string>} */
    this.muted = new Set();
  }

  render() {
    const room = this.state.current;
    const drawn = [room.name, room.membersVersion, room.online, room.away, this.state.registered].join(" ");
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.muted = mutedIn(room);
    showList(this.list, room.isDirect ? this.pair(room) : this.sections(room));
  }

  /**
   * @param {SideRoom} room
   * @returns {SideItem[]}
   */
  pair(room) {
    const presence = presenceOf(room, this.state.registered);
    const them = { nick: room.name, prefix: "", away: presence !== "here" };
    const heading = presenceName(presence);
    return [titleItem("them", heading), this.item(them, presence), titleItem("you", tr("youSaid")), this.item({ nick: this.state.nick, prefix: "", away: this.state.away }, this.state.away ? "away" : "here")];
  }

  /**
   * @param {SideRoom} room
   * @returns {SideItem[]}
   */
  sections(room) {
    const all = [...room.members.values()].sort((a, b) => compareNames(a.nick, b.nick));
    const partOf = (/** @type {SideMember} */ member) =>
      isOwner(room, member) ? "owners" : hasRank(member) ? "operators" : member.away ? "awayPeople" : "here";
    let left = MEMBERS_SHOWN;
    /** @type {SideItem[]} */
    const items = [];
    for (const key of ["owners", "operators", "here", "awayPeople"]) {
      const members = all.filter((member) => partOf(member) === key);
      if (!members.length) continue;
      items.push(titleItem(key, tr(key, { count: members.length })));
      items.push(...members.slice(0, left).map((member) => this.item(member, member.away ? "away" : "here")));
      const more = members.length - Math.min(left, members.length);
      left -= Math.min(left, members.length);
      if (more) items.push({ key: `more ${key}`, sign: String(more), build: () => el("p.hint", {}, tr("morePeople", { count: more })) });
    }
    return items;
  }

  /**
   * @param {SideMember} member
   * @param {string} presence
   * @returns {SideItem}
   */
  item(member, presence) {
    const isOperator = hasRank(member);
    const hasVoice = member.prefix.includes("+");
    const owns = isOwner(this.state.current, member);
    const isMuted = this.muted.has(fold(member.nick));
    const build = () =>
      el(
        `button.member${presence === "here" ? "" : ".away"}`,
        { type: "button", "aria-haspopup": "dialog", onclick: (/** @type {any} */ event) => this.onName(member.nick, event.currentTarget) },
        el(`span.dot.${presence}`, { role: "img", "aria-label": presenceName(presence) }),
        nameOf(member.nick, `.name${isOperator ? `.operator.c${colourIn(this.state.current, member.nick)}` : ""}`),
        owns && badge(tr("isOwner"), "♛"),
        member.isServerOperator && badge(tr("isServerOperator"), "★"),
        isMuted && badge(tr("isMuted"), "🔇"),
        hasVoice && el("span.tag", { title: tr("hasVoice") }, "+"),
      );
    return { key: `@${member.nick}`, sign: [member.prefix, presence, member.isServerOperator, owns, isMuted].join(" "), build };
  }
}

/**
 * @param {string} key
 * @param {string} text
 * @returns {SideItem}
 */
function titleItem(key, text) {
  return { key: `title ${key}`, sign: text, build: () => el("h2", {}, text) };
}

