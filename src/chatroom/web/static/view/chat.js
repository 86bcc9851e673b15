/**
 * The page of somebody who is in: the lists, the messages, the composer, and what the keys do.
 */

import { callUser, countsOf, titleOf } from "../alerts.js";
import { fold } from "../irc.js";
import { fetchAround, openConversation } from "../history.js";
import { flushRoom } from "../outbox.js";
import { askModes } from "../modes.js";
import { askWhoIsAway } from "../presence.js";
import { toggleReaction } from "../reactions.js";
import { Misuse, runLine } from "../slash.js";
import { languageName, tr } from "../strings.js";
import { ComposerView } from "./composer.js";
import { button, el } from "./dom.js";
import { Menus } from "./menus.js";
import { MessagesView } from "./messages.js";
import { SearchView } from "./search.js";
import { COUNT_MAX, MembersView, RoomsView } from "./sidebar.js";
import { listenForSwipes } from "./swipe.js";

/** @typedef {import("../state.js").ChatState} ChatViewState */
/** @typedef {import("../room.js").Room} ChatRoom */

const SLOW_DRAW_MS = 12;
/** The pause after a slow drawing, in times what it took. */
const DRAW_PAUSE = 4;
/** So many changes since the last drawing are a flood, which nobody reads as it comes: it is drawn a few times a second. */
const FLOOD_CHANGES = 40;
const FLOOD_PAUSE_MS = 250;
const WIDE = "(min-width: 1000px)";
const ROOMS_BESIDE = "(min-width: 700px)";

export class ChatView {
  /**
   * @param {ChatViewState} state
   * @param {import("../settings.js").Settings} settings
   * @param {{save: () => void, quit: () => void, setTheme: (theme: string) => void,
   *   languages: string[], chooseLanguage: (tag: string) => void}} acts
   */
  constructor(state, settings, acts) {
    this.state = state;
    this.settings = settings;
    this.acts = acts;
    this.menus = new Menus(state, settings, {
      go: (room) => this.go(room), answer: (entry) => this.answer(entry), edit: (entry) => this.composer.edit(entry), write: (text) => this.write(text), search: () => this.openSearch(),
      leave: (room) => this.leave(room), closeDrawers: () => this.closeDrawers(), quit: acts.quit, setTheme: acts.setTheme, save: acts.save, refresh: () => this.refresh(),
      languages: acts.languages, chooseLanguage: acts.chooseLanguage,
    });
    this.rooms = new RoomsView(state, {
      go: (room) => this.go(room), onJoin: () => this.menus.join(), onAccount: (anchor) => this.menus.account(anchor),
    });
    this.members = new MembersView(state, (nick, anchor) => this.menus.person(nick, anchor));
    this.messages = new MessagesView(state, {
      onMenu: (entry, anchor) => this.menus.message(entry, anchor),
      onName: (nick, anchor) => this.menus.person(nick, anchor),
      onRetry: (entry) => { state.retry(state.current, entry); flushRoom(state, state.current); this.refresh(); },
      onRemove: (entry) => { state.current.unpend(entry); this.refresh(); },
      onSeen: () => this.seen(),
      onQuote: (id) => { fetchAround(state, state.current, id); this.react(); },
      onAnswer: (entry) => this.answer(entry),
      onReact: (entry, reaction) => toggleReaction(state, state.current, entry, reaction),
      onReactions: (entry, anchor) => this.menus.reactions(entry, anchor),
      refresh: () => this.refresh(),
    });
    this.composer = new ComposerView(state, settings, { send: (line) => this.send(line), onDraft: acts.save, join: () => this.rejoin(), onSize: () => this.messages.pin() });
    this.search = new SearchView(state, { show: (room, id) => this.show(room, id), onClose: () => this.closeSearch() });
    this.status = el("div.status");
    this.countdown = el("span", { "aria-hidden": "true" });
    this.status.hidden = true;
    this.aloud = el("div.unseen", { "aria-live": "polite" });
    this.title = el("h1", { dir: "auto" });
    this.topic = el("button.topic", { type: "button", dir: "auto", onclick: () => this.menus.showTopic(state.current) });
    this.count = el("span");
    this.membersButton = button(".icon.people", tr("openMembers"), () => this.toggleMembers(), "👥 ", this.count);
    this.waits = el("span");
    this.burger = button(".icon.burger", tr("openRooms"), () => this.toggle("rooms-open"), "☰", this.waits);
    this.header = el(
      "header",
      {},
      this.burger,
      this.title, this.topic,
      button(".icon", tr("search"), () => this.openSearch(), "🔍"),
      this.membersButton,
      button(".icon", tr("roomMenu"), (event) => this.menus.room(state.current, event.currentTarget), "⋯"),
    );
    const main = el("main", { id: "main" }, this.header, this.messages.element, this.status, this.composer.element);
    this.skip = el("a.skip", { href: "#composer", onclick: (/** @type {Event} */ event) => { event.preventDefault(); this.composer.input.focus(); } }, tr("skipToWriting"));
    this.shade = el("div.shade", { onclick: () => this.closeDrawers() });
    this.element = el("div.chat", {}, this.skip, this.rooms.element, main, this.members.element, this.search.element, this.shade, this.aloud);
    this.element.classList.toggle("members-hidden", !settings.members);
    listenForSwipes(this.element, (isToRight) => this.swipe(isToRight));
    this.isDrawn = false;
    /** Until the next drawing, in milliseconds. */
    this.pause = 0;
    /** The version of the room that was drawn last. */
    this.drawn = 0;
    /** @type {ChatRoom | null} */
    this.shown = null;
  }

  // ---- drawing ----

  /** Draws at the next frame; where that takes long, not at every one, so that there is time for keys. */
  refresh() {
    if (document.visibilityState === "hidden") document.title = titleOf(this.state);
    if (this.isDrawn) return;
    this.isDrawn = true;
    const draw = () => requestAnimationFrame(() => {
      this.isDrawn = false;
      const begun = performance.now();
      const isOpening = this.shown !== this.state.current;
      const isPart = this.render();
      const ms = performance.now() - begun;
      this.pause = isPart && !isOpening ? FLOOD_PAUSE_MS : ms > SLOW_DRAW_MS ? ms * DRAW_PAUSE : 0;
      if (isPart) this.refresh(); // the rest, when the flood is over
    });
    if (this.pause) setTimeout(draw, this.pause);
    else draw();
  }

  /** Draws what has changed; tells whether that is so much that only what fits is drawn. */
  render() {
    const room = this.state.current;
    if (this.shown !== room) this.open(room);
    this.look();
    askModes(this.state, room);
    const isPart = room.version - this.drawn > FLOOD_CHANGES;
    this.drawn = room.version;
    this.messages.render(isPart);
    this.seen();
    this.rooms.render();
    this.members.render();
    this.composer.render();
    this.title.textContent = room.name;
    this.topic.textContent = this.topic.title = room.topic;
    this.topic.hidden = !room.topic;
    this.count.textContent = room.isDirect ? "" : String(room.members.size || "");
    this.membersButton.hidden = room.isDirect;
    document.title = titleOf(this.state);
    this.tellWaiting();
    this.speak();
    return isPart;
  }

  /** On a phone the lists are out of sight: what waits elsewhere is told at the button that shows them. */
  tellWaiting() {
    const { mentions, unread } = countsOf(this.state, this.state.current);
    const label = mentions ? tr("mentionLabel", { count: mentions }) : unread ? tr("unreadLabel", { count: unread }) : "";
    const text = mentions > COUNT_MAX ? `${COUNT_MAX}+` : String(mentions || "");
    this.waits.className = unread ? `count waits${mentions ? " for-me" : ""}` : "";
    this.waits.textContent = unread ? text || "•" : "";
    this.burger.title = [tr("openRooms"), label].filter(Boolean).join(": ");
    this.burger.setAttribute("aria-label", this.burger.title);
  }

  /** Whether somebody sees the end of the room. */
  get isLookedAt() {
    return document.visibilityState === "visible" && document.hasFocus() && this.messages.isAtEnd && this.shown === this.state.current;
  }

  /** @param {ChatRoom} room */
  open(room) {
    this.shown = room;
    // What fits is drawn first; but where something is new, the line above it is wanted at once.
    this.drawn = room.newFrom ? room.version : room.version - room.messages.length;
    this.messages.open(room, !room.newFrom);
    this.composer.open(room);
    askWhoIsAway(this.state, room);
    openConversation(this.state, room);
    if (!this.search.element.hidden) this.search.open();
    this.seen();
  }

  /** Finds out whether somebody looks. A tab out of sight is not drawn, so it is asked when that changes, too. */
  look() {
    this.state.lookedAt = this.isLookedAt ? this.state.current : null;
  }

  /** Somebody looks at the end of the room: nothing in it is unread. */
  seen() {
    if (!this.isLookedAt) return;
    this.state.lookedAt = this.state.current;
    this.state.markRead(this.state.current);
  }

  // ---- going ----

  /** @param {ChatRoom} room */
  go(room) {
    const before = this.state.current;
    if (before !== room) {
      before.newFrom = before.unread ? before.newFrom : 0;
      before.version++;
      this.state.current = room;
      this.state.lookedAt = null;
    }
    if (!room.isDirect && !room.joined) this.state.join(room.name);
    const hash = room.isDirect ? " " : room.name;
    if (decodeURIComponent(location.hash) !== hash.trim()) history.replaceState(null, "", room.isDirect ? location.pathname : encodeURI(hash).replace(/^%23/, "#"));
    this.closeDrawers();
    this.acts.save();
    this.refresh();
    this.composer.focus();
  }

  /** @param {ChatRoom} room */
  leave(room) {
    this.state.close(room);
    this.go(this.state.current);
  }

  rejoin() {
    const room = this.state.current;
    if (room.needsKey) this.menus.enterKey(room);
    else this.state.join(room.name);
    this.refresh();
  }

  /** @param {number} step */
  goBy(step) {
    const rooms = [...this.state.rooms.values()].sort((a, b) => Number(a.isDirect) - Number(b.isDirect));
    this.go(rooms[(rooms.indexOf(this.state.current) + step + rooms.length) % rooms.length]);
  }

  /**
   * Shows a message that was found.
   * @param {string} name
   * @param {string} id
   */
  show(name, id) {
    const room = this.state.room(name);
    this.go(room);
    this.render();
    fetchAround(this.state, room, id);
    if (!matchMedia(WIDE).matches) this.closeSearch();
    this.react();
  }

  // ---- writing ----

  /**
   * @param {string} line
   * @returns {string} what is wrong, or ""
   */
  send(line) {
    try {
      const wish = runLine(this.state, this.state.current, line);
      this.messages.follow(true);
      if (wish?.go) this.go(wish.go);
      if (wish?.search !== undefined) this.openSearch(wish.search);
      if (wish?.mentions) {
        this.openSearch();
        this.search.mentions();
      }
      if (wish?.language !== undefined) return this.chooseLanguage(wish.language);
      if (wish?.older) this.messages.toOlder();
      if (wish?.help) this.menus.help();
      if (wish?.quit) this.acts.quit();
      this.refresh();
      return "";
    } catch (error) {
      if (error instanceof Misuse) return error.message;
      throw error;
    }
  }

  /**
   * @param {string} tag
   * @returns {string} what is wrong, or ""
   */
  chooseLanguage(tag) {
    const { languages } = this.acts;
    if (!languages.includes(tag)) return tr("languagesAre", { languages: languages.map((each) => `${each} (${languageName(each)})`).join(", ") });
    this.acts.chooseLanguage(tag);
    return "";
  }

  /** @param {import("../entries.js").Entry} entry */
  answer(entry) {
    this.composer.answerNothing();
    this.state.current.answering = entry;
    this.composer.render();
    this.composer.input.focus();
  }

  /** @param {string} text */
  write(text) {
    this.composer.insert(text);
  }

  // ---- what happens ----

  /** Reacts to what the state has to tell beside what is drawn. */
  react() {
    const events = this.state.events.splice(0);
    for (const event of events) {
      if (event.type === "alert") this.alert(event.room, event.entry);
      else if (event.type === "rooms") this.onRooms(event.rooms);
      else if (event.type === "found") this.search.show(event.entries);
      else if (event.type === "service") this.onService(event.text, event.isDone);
      else if (event.type === "account") this.onAccount();
      else if (event.type === "person") this.menus.about(event.nick, event.told);
      else if (event.type === "bans") this.menus.bans(event.room);
      else if (event.type === "key" && event.room === this.state.current) this.menus.enterKey(event.room, event.wrong);
      else if (event.type === "renamed" && event.room === this.shown) {
        this.shown = null; // it is opened anew, under its name
        this.go(event.room);
      } else if (event.type === "redacted") this.forget(event.id);
      else if (event.type === "show") this.onShow(event.room, event.id);
    }
    this.refresh();
  }

  /**
   * @param {ChatRoom} room
   * @param {import("../entries.js").Entry} entry
   */
  alert(room, entry) {
    if (this.isLookedAt && room === this.state.current) return;
    callUser(this.settings, room, entry, () => this.go(room));
    document.title = titleOf(this.state);
  }

  /**
   * The list goes to the form for joining, unless that has closed meanwhile.
   * @param {import("../state.js").ListedRoom[]} rooms
   */
  onRooms(rooms) {
    if (this.state.asked.delete("rooms") && !this.menus.listRooms) this.menus.join();
    this.menus.listRooms?.(rooms);
  }

  /**
   * NickServ says something: to the form that asked, or to the user.
   * @param {string} text
   * @param {boolean} isDone
   */
  onService(text, isDone) {
    if (isDone || !this.menus.waiting) this.state.inform(text);
    this.menus.waiting?.(text, isDone);
  }

  onAccount() {
    if (this.state.account) this.menus.waiting?.("", false); // it may be the one that we had before a loss
    this.acts.save();
  }

  /**
   * @param {ChatRoom} room
   * @param {string} id
   */
  onShow(room, id) {
    if (room === this.state.current && this.shown === room) this.messages.show(id);
  }

  /** Reads what has just been said aloud to those who have the page read to them. History is not read. */
  speak() {
    const heard = this.state.heard.splice(0);
    if (!heard.length) return;
    this.aloud.replaceChildren(...heard.map((entry) => el("p", {}, `${entry.nick}: ${entry.text}`)));
    heard.forEach(({ id }, i) => (/** @type {HTMLElement} */ (this.aloud.children[i]).dataset.id = id));
  }

  /**
   * Nothing of a message that was taken back is left in the document.
   * @param {string} id
   */
  forget(id) {
    const copies = /** @type {HTMLElement[]} */ ([...this.aloud.children, ...this.search.results.children]);
    for (const copy of copies) if (copy.dataset.id === id) copy.remove();
  }

  /**
   * Tells something about the connection, in a bar. How long it is to the next try is not read aloud each second.
   * @param {string} text "" takes the bar away
   * @param {string} when when the next try is
   * @param {Record<string, () => void>} acts what one can do, by its name
   */
  tell(text, when = "", acts = {}) {
    if (this.status.dataset.text !== text) {
      this.status.dataset.text = text;
      this.status.hidden = !text;
      const buttons = Object.entries(acts).flatMap(([name, act]) => [" ", button(".link", name, act)]);
      this.status.replaceChildren(el("span", { role: "status" }, text), " ", this.countdown, ...buttons);
    }
    this.countdown.textContent = when;
  }

  // ---- drawers, search, keys ----

  /** @param {string} name */
  toggle(name) {
    const wasOpen = this.element.classList.contains(name);
    this.closeDrawers();
    this.element.classList.toggle(name, !wasOpen);
    const target = name === "rooms-open" ? this.rooms.element : this.members.element;
    if (!wasOpen) target.querySelector("button")?.focus();
  }

  /**
   * On a phone a swipe brings a list in from its side, or sends it back there.
   * @param {boolean} isToRight
   */
  swipe(isToRight) {
    const isOpen = (/** @type {string} */ name) => this.element.classList.contains(name);
    if (matchMedia(WIDE).matches || isOpen("searching")) return;
    if (isOpen("rooms-open") || isOpen("members-open")) {
      if (isOpen("members-open") === isToRight) this.closeDrawers();
    } else if (isToRight && !matchMedia(ROOMS_BESIDE).matches) this.toggle("rooms-open");
    else if (!isToRight && !this.state.current.isDirect) this.toggle("members-open");
  }

  toggleMembers() {
    if (!matchMedia(WIDE).matches) {
      this.toggle("members-open");
      return;
    }
    this.settings.members = !this.element.classList.toggle("members-hidden");
    this.acts.save();
  }

  closeDrawers() {
    this.element.classList.remove("rooms-open", "members-open");
  }

  /** @param {string} [words] */
  openSearch(words = "") {
    this.closeDrawers();
    this.element.classList.add("searching");
    this.search.open(words);
  }

  closeSearch() {
    this.element.classList.remove("searching");
    this.search.element.hidden = true;
    this.composer.input.focus();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return; // it was meant for something nearer
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === "k") this.menus.goTo();
    else if (isCommand && event.shiftKey && event.key.toLowerCase() === "f") this.openSearch();
    else if (event.altKey && event.key === "ArrowDown") this.goBy(1);
    else if (event.altKey && event.key === "ArrowUp") this.goBy(-1);
    else if (event.key === "Escape") this.onEscape();
    else if (/^\S$/u.test(event.key) && !isCommand && !event.altKey && !/** @type {Element} */ (event.target).matches("input, textarea")) {
      this.composer.input.focus();
      return;
    } else return;
    event.preventDefault();
  }

  onEscape() {
    if (this.element.matches(".rooms-open, .members-open")) this.closeDrawers();
    else if (!this.search.element.hidden) this.closeSearch();
    else {
      this.messages.toLatest();
      this.composer.input.focus();
    }
  }

  /**
   * The address names a room: goes there.
   * @param {string} name
   */
  goToHash(name) {
    if (fold(this.state.current.name) !== fold(name)) this.go(this.state.join(name));
  }
}
