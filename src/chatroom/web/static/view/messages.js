/**
 * The messages of a room: a window of them in the document, that follows the end or moves with the reader.
 *
 * At most `WINDOW_MAX` messages are in the document. The place of what somebody reads never jumps: the row at the top of
 * the view is held where it is while rows come and go around it.
 */

import { fetchLatest, fetchNewer, fetchOlder } from "../history.js";
import { canAnswer } from "../reactions.js";
import { tr } from "../strings.js";
import { button, childOf, colourIn, el, keyOf, showList } from "./dom.js";
import { rowsOf } from "./rows.js";

/** @typedef {import("../state.js").ChatState} MessagesState */
/** @typedef {import("../room.js").Room} MessagesRoom */
/** @typedef {import("../entries.js").Entry} MessagesEntry */

const WINDOW_FIRST = 100;
const WINDOW_MAX = 360;
const WINDOW_STEP = 80;
/** As near to an end, more is shown or fetched. */
const NEAR_PIXELS = 600;
const AT_END_PIXELS = 48;
/** The height of the lowest line: tells how many fit. */
const LINE_PIXELS = 20;

export class MessagesView {
  /**
   * @param {MessagesState} state
   * @param {{onMenu: (entry: MessagesEntry, anchor: HTMLElement) => void, onName: (nick: string, anchor: HTMLElement) => void,
   *   onRetry: (entry: MessagesEntry) => void, onQuote: (id: string) => void,
   *   onAnswer: (entry: MessagesEntry) => void, onReact: (entry: MessagesEntry, reaction: string) => void, onReactions: (entry: MessagesEntry, anchor: HTMLElement) => void, onRemove: (entry: MessagesEntry) => void, onSeen: () => void,
   *   refresh: () => void}} acts
   */
  constructor(state, acts) {
    this.state = state;
    this.acts = acts;
    this.list = el("div.rows");
    this.scroller = el("div.messages", {
      role: "log", "aria-live": "off", tabindex: 0, onkeydown: (event) => this.onKey(event),
    }, this.list);
    this.scroller.addEventListener("scroll", () => this.onScroll(), { passive: true });
    for (const event of ["pointerover", "focusin"]) this.list.addEventListener(event, (each) => this.offerTools(/** @type {Element} */ (each.target)));
    this.down = button(".to-latest", tr("toLatest"), () => this.toLatest(), "↓");
    this.down.hidden = true;
    this.element = el("div.messages-frame", {}, this.scroller, this.down);
    /** @type {MessagesRoom | null} */
    this.room = null;
    this.following = true;
    this.start = 0;
    this.end = 0;
    /**
     * The entries at the ends of the window: positions move when history comes.
     * @type {MessagesEntry | undefined}
     */
    this.first = undefined;
    /** @type {MessagesEntry | undefined} */
    this.last = undefined;
    this.found = "";
    /** @type {Set<number>} */
    this.expanded = new Set();
    this.drawn = "";
    /** Only what fits is drawn at the moment: what is above that is not missing. */
    this.isCut = false;
    /** The window is being moved: what is drawn for that moves it no further. */
    this.isPaging = false;
    this.lastTop = 0;
    /** The size at which the end was in sight. */
    this.lastSize = "";
    new ResizeObserver(() => this.pin()).observe(this.scroller);
  }

  /**
   * Shows a room, at its end.
   * @param {MessagesRoom} room
   * @param {boolean} isPart as in `render`
   */
  open(room, isPart) {
    if (this.room) this.room.isHeld = false;
    this.room = room;
    this.follow(true);
    this.found = "";
    this.first = this.last = undefined;
    this.drawn = "";
    this.scroller.setAttribute("aria-label", tr("messagesIn", { room: room.name }));
    showList(this.list, []);
    this.render(isPart);
    const mark = childOf(this.list, "new");
    if (mark && mark.offsetTop < this.scroller.scrollTop) this.scroller.scrollTop = mark.offsetTop - 80;
  }

  /**
   * Whether the end of the room stays in sight, or what somebody reads further up.
   * @param {boolean} following
   */
  follow(following) {
    this.following = following;
    if (this.room) this.room.isHeld = !following;
  }

  /** Whether the reader sees the end of the room. */
  get isAtEnd() {
    return this.following && !this.room?.hasNewer;
  }

  /**
   * All that decides what is drawn.
   * @param {MessagesRoom} room
   */
  signOf(room) {
    return [room.version, room.newFrom, this.following, this.state.registered, this.found, this.expanded.size, this.first?.serial, this.last?.serial].join();
  }

  /**
   * Draws what has changed.
   * @param {boolean} [isPart] who follows the end sees no more of it than fits, until it is drawn again
   */
  render(isPart = false) {
    const room = this.room;
    if (!room) return;
    if (this.following && room.hasNewer) fetchLatest(this.state, room);
    if (this.signOf(room) === this.drawn) return;
    const isFirst = !this.list.firstChild;
    this.place(room);
    this.isCut = isPart && this.following;
    if (this.isCut) {
      this.start = Math.max(this.start, this.end - Math.ceil(innerHeight / LINE_PIXELS));
      this.remember(room);
    }
    const rows = rowsOf(room, this.start, this.end, {
      me: this.state.me, isOnline: this.state.registered, now: this.state.now(), found: this.found, expanded: this.expanded,
      onMenu: this.acts.onMenu, onName: this.acts.onName, onRetry: this.acts.onRetry, onRemove: this.acts.onRemove,
      onExpand: (entry) => this.expand(entry), onQuote: this.acts.onQuote, onReact: this.acts.onReact,
      isMe: (nick) => this.state.isMe(nick), quoted: (id) => room.entry(id), colour: (nick) => colourIn(room, nick),
    });
    rows.unshift(this.topRow(room));
    const anchor = this.following ? null : this.anchor();
    showList(this.list, rows);
    if (this.following) this.scrollToEnd();
    else if (anchor) this.hold(anchor);
    this.drawn = isPart ? "" : this.signOf(room);
    this.showDown(room);
    if (isFirst) this.onScroll();
    else if (!this.following && this.start > 0 && this.scroller.scrollTop < NEAR_PIXELS && !this.isPaging) this.pageUp(room);
  }

  /**
   * Finds where in the room the window is.
   * @param {MessagesRoom} room
   */
  place(room) {
    const { messages } = room;
    if (this.following) {
      this.end = messages.length;
      const kept = this.first && this.list.firstChild ? messages.lastIndexOf(this.first) : -1;
      const fits = kept >= 0 && this.end - kept <= WINDOW_MAX;
      const latest = Math.max(0, this.end - WINDOW_FIRST);
      this.start = fits ? Math.min(kept, latest) : latest; // what was first may have the history before it now
    } else {
      const first = this.first ? messages.indexOf(this.first) : -1;
      const last = this.last ? messages.lastIndexOf(this.last) : -1;
      this.start = first < 0 ? Math.max(0, Math.min(this.start, messages.length - WINDOW_FIRST)) : first;
      this.end = last < 0 ? Math.min(messages.length, this.start + WINDOW_FIRST) : last + 1;
      const isNearEnd = this.end + WINDOW_STEP >= messages.length && this.end - this.start < WINDOW_MAX;
      if (isNearEnd) this.end = Math.min(messages.length, this.start + WINDOW_MAX);
    }
    this.remember(room);
  }

  /** @param {MessagesRoom} room */
  remember(room) {
    this.first = room.messages[this.start];
    this.last = room.messages[this.end - 1];
  }

  /** @param {MessagesRoom} room */
  topRow(room) {
    const isBeginning = this.start === 0 && !room.hasOlder && !room.request && room.here;
    const text = isBeginning
      ? tr(room.isDirect ? "beginningDirect" : "beginning", { room: room.name })
      : room.request === "BEFORE" || room.request === "LATEST" ? tr("loading") : "";
    return { key: "top", sign: text, build: () => el("div.note.top", { dir: "auto" }, text) };
  }

  // ---- scrolling ----

  /** Keeps the end in sight when the room for messages has changed. Otherwise that looks as if somebody scrolled up. */
  pin() {
    if (this.following) this.scrollToEnd();
  }

  scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
    this.lastSize = this.size;
  }

  /** What changes when the page gets another size, as when a phone's keyboard comes. */
  get size() {
    return `${this.scroller.clientWidth} ${this.scroller.clientHeight}`;
  }

  /** The entry at the top of the view, and where it is. Lines between entries move when there is more above them. */
  anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    for (const row of this.list.children) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top && /^\d+$/.test(keyOf(row))) return { key: keyOf(row), top: box.top };
    }
    return null;
  }

  /** @param {{key: string, top: number}} anchor */
  hold(anchor) {
    const row = childOf(this.list, anchor.key);
    if (row) this.scroller.scrollTop += row.getBoundingClientRect().top - anchor.top;
    this.lastTop = this.scroller.scrollTop;
  }

  onScroll() {
    const room = this.room;
    if (!room) return;
    if (this.following && this.size !== this.lastSize) {
      this.scrollToEnd(); // browsers scroll by themselves then, before they tell of the size
      return;
    }
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    const atEnd = below < AT_END_PIXELS && this.end >= room.messages.length && !room.hasNewer;
    // Only who scrolls up stops following: what grows at the end is not the reader's doing.
    const isUp = scrollTop < this.lastTop;
    this.lastTop = scrollTop;
    if (atEnd !== this.following && (atEnd || isUp)) {
      this.follow(atEnd);
      this.acts.refresh();
    }
    if (atEnd) this.acts.onSeen();
    if (scrollTop < NEAR_PIXELS && !(this.isCut && this.following)) this.pageUp(room);
    else if (below < NEAR_PIXELS && !this.following) this.pageDown(room);
    this.showDown(room);
  }

  /** @param {MessagesRoom} room */
  pageUp(room) {
    if (this.start > 0) {
      this.start = Math.max(0, this.start - WINDOW_STEP);
      if (!this.following) this.end = Math.min(this.end, this.start + WINDOW_MAX);
      this.remember(room);
      this.renderHeld();
    } else {
      fetchOlder(this.state, room);
    }
  }

  /** @param {MessagesRoom} room */
  pageDown(room) {
    if (this.end < room.messages.length) {
      this.end = Math.min(room.messages.length, this.end + WINDOW_STEP);
      this.start = Math.max(this.start, this.end - WINDOW_MAX);
      this.remember(room);
      this.renderHeld();
    } else {
      fetchNewer(this.state, room);
    }
  }

  /** Draws a window that has grown at an end, without moving what is read. */
  renderHeld() {
    const wasFollowing = this.following;
    this.isPaging = true;
    this.following = false;
    this.drawn = "";
    this.render();
    this.following = wasFollowing;
    this.drawn = "";
    this.isPaging = false;
  }

  /** Goes to the oldest that is drawn, which brings what is older still. */
  toOlder() {
    this.render(); // all of it: only a part may have been drawn
    this.follow(false);
    this.scroller.scrollTop = 0;
    this.scroller.focus();
    this.onScroll();
  }

  toLatest() {
    const room = this.room;
    if (!room) return;
    fetchLatest(this.state, room);
    this.follow(true);
    this.first = undefined;
    this.found = "";
    this.drawn = "";
    this.render();
    this.acts.onSeen();
  }

  /** @param {MessagesRoom} room */
  showDown(room) {
    this.down.hidden = this.following;
    const label = room.unread ? tr("newBelow", { count: room.unread }) : tr("toLatest");
    if (this.down.title === label) return;
    this.down.title = label;
    this.down.setAttribute("aria-label", label);
    this.down.replaceChildren(room.unread ? `↓ ${label}` : "↓");
  }

  /**
   * Shows the message of that id, in the middle and marked.
   * @param {string} id
   */
  show(id) {
    const room = this.room;
    const at = room ? room.messages.findIndex((entry) => entry.id === id) : -1;
    if (!room || at < 0) return;
    this.follow(false);
    this.found = id;
    this.start = Math.max(0, at - WINDOW_FIRST / 2);
    this.end = Math.min(room.messages.length, at + WINDOW_FIRST / 2);
    this.remember(room);
    this.drawn = "";
    this.render();
    childOf(this.list, String(room.messages[at].serial))?.scrollIntoView({ block: "center" });
    this.onScroll();
  }

  /** @param {MessagesEntry} entry */
  expand(entry) {
    if (!this.expanded.delete(entry.serial)) this.expanded.add(entry.serial);
    this.drawn = "";
    this.render();
  }

  /**
   * Gives a message the buttons to answer and to react, when somebody points at it: few of them ever need any.
   * @param {Element} target
   */
  offerTools(target) {
    const row = /** @type {HTMLElement | null} */ (target.closest(".message"));
    const tools = row?.querySelector(".tools");
    const entry = this.room?.entry(row?.dataset.id ?? "");
    if (!tools || !entry || tools.children.length > 1 || !canAnswer(this.state, entry)) return;
    const answer = button(".tool", tr("reply"), () => this.acts.onAnswer(entry), "↩");
    const react = button(".tool", tr("react"), (event) => this.acts.onReactions(entry, event.currentTarget), "🙂");
    answer.tabIndex = react.tabIndex = -1;
    tools.prepend(answer, react);
  }

  // ---- the keyboard ----

  /**
   * Up and Down go from message to message; Enter opens the menu of one.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(".message")]);
    const at = rows.findIndex((row) => row === document.activeElement);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = at < 0 ? rows[rows.length - 1] : rows[at + (event.key === "ArrowUp" ? -1 : 1)];
      if (!next) return;
      next.focus();
      event.preventDefault();
    } else if (event.key === "Enter" && at >= 0 && event.target === rows[at]) {
      /** @type {HTMLElement | null} */ (rows[at].querySelector(".more"))?.click();
      event.preventDefault();
    }
  }
}
