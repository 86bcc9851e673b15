/**
 * The page: one tab comes in, stays connected, and remembers on this device what the next visit needs.
 */

import { Connection } from "./connection.js";
import { tellLanguage } from "./handlers.js";
import { fold, isRoomName } from "./irc.js";
import { forgetPerson, loadSettings, saveSettings } from "./settings.js";
import { Session } from "./session.js";
import { ChatState, LOBBY } from "./state.js";
import { shippedLanguage, speakLanguage, spokenLanguage, tr } from "./strings.js";
import { Tabs } from "./tabs.js";
import { ChatView } from "./view/chat.js";
import { SignInView, noticePage } from "./view/sign_in.js";

const SAVE_MS = 1_000;
const TICK_MS = 500;
const MARKS_MS = 3_000;
/** After a reload the connection from before may hold the name for a moment. */
const HELD_TRIES = 4;
const HELD_PAUSE_MS = 700;

class App {
  constructor() {
    this.storage = storageOf();
    this.settings = loadSettings(this.storage);
    /** @type {import("./handshake.js").Visitor} */
    this.visitor = { nick: this.settings.nick, password: "", serverPassword: "" };
    this.tabs = new Tabs(() => this.letGo("takenOver"), () => Boolean(this.state?.account));
    this.languages = metaOf("languages").split(" ");
    this.signIn = this.makeSignIn();
    /** The language that was chosen since the page was opened; "" if none was. */
    this.chosenLanguage = "";
    /** @type {ChatState | null} */
    this.state = null;
    /** @type {Session | null} */
    this.session = null;
    /** @type {ChatView | null} */
    this.chat = null;
    this.connection = new Connection(socketAddress(), {
      opened: () => this.session?.connected((line) => this.connection.send(line), this.visitor),
      line: (line) => this.onLine(line),
      lost: () => this.onLost(),
      connecting: () => this.tick(),
      expects: () => Boolean(this.state?.sent.size),
    });
    this.heldTries = 0;
    this.isHeld = false;
    /** The page itself gave the password, which was right before. */
    this.isRemembered = false;
    this.saveTimer = 0;
    this.setTheme(this.settings.theme);
    this.listen();
  }

  listen() {
    const wake = () => document.visibilityState === "visible" && this.connection.wake();
    addEventListener("online", wake);
    addEventListener("pageshow", wake);
    const look = () => {
      this.chat?.look();
      this.chat?.refresh();
    };
    addEventListener("focus", look);
    addEventListener("blur", look);
    document.addEventListener("visibilitychange", () => {
      wake();
      look();
    });
    addEventListener("hashchange", () => this.onHash());
    addEventListener("keydown", (event) => this.chat?.onKey(event));
    addEventListener("pagehide", () => this.saveNow());
    addEventListener("beforeunload", (event) => {
      if (this.state?.waiting) event.preventDefault();
    });
    const fit = () => document.documentElement.style.setProperty("--height", `${visualViewport?.height ?? innerHeight}px`);
    visualViewport?.addEventListener("resize", fit);
    visualViewport?.addEventListener("scroll", () => scrollTo(0, 0));
    fit();
    setInterval(() => this.tick(), TICK_MS);
    setInterval(() => this.state?.tellMarks(), MARKS_MS);
  }

  makeSignIn() {
    return new SignInView((visitor) => void this.enter(visitor), metaOf("server"), this.languages, (tag) => void this.chooseLanguage(tag));
  }

  /** Begins: alone in this browser, with the name of the last visit if there is one. */
  async start() {
    const { language } = this.settings;
    await this.speak(this.languages.includes(language) ? language : shippedLanguage());
    this.signIn = this.makeSignIn();
    if (!(await this.tabs.claim())) {
      show(noticePage(tr("otherTab"), tr("useHere"), () => void this.takeOver()));
      return;
    }
    this.begin();
  }

  begin() {
    if (this.settings.nick) {
      this.heldTries = HELD_TRIES;
      void this.enter(this.visitor);
    } else {
      show(this.signIn.element);
      this.signIn.show({ nick: "" });
    }
  }

  async takeOver() {
    await this.tabs.take();
    this.settings = loadSettings(this.storage);
    this.visitor.nick ||= this.settings.nick;
    this.begin();
  }

  /**
   * Comes in under a name.
   * @param {import("./handshake.js").Visitor} visitor
   */
  async enter(visitor) {
    this.visitor = visitor;
    this.isRemembered = false;
    if (!this.state || !this.state.wasRegistered) this.makeState();
    else this.state.renameSelf(visitor.nick);
    if (!document.body.contains(this.signIn.element) && !this.chat) {
      show(this.signIn.element);
      this.signIn.show({ nick: visitor.nick });
      this.signIn.busy(true);
    }
    this.connection.stop();
    this.connection.start();
  }

  makeState() {
    const { settings } = this;
    const wanted = hashRoom();
    this.state = new ChatState(this.visitor.nick, settings.rooms.length || wanted ? settings.rooms : [LOBBY]);
    for (const name of settings.conversations) this.state.room(name);
    if (wanted) this.state.room(wanted).joined = true;
    this.state.current = this.state.find(wanted || settings.current) ?? [...this.state.rooms.values()][0];
    for (const room of this.state.rooms.values()) {
      room.read = settings.read[fold(room.name)] ?? 0;
      room.draft = settings.drafts[fold(room.name)] ?? "";
    }
    this.state.seen = settings.seen;
    this.state.chosenLanguage = this.chosenLanguage;
    this.session = new Session(this.state);
  }

  // ---- the language ----

  /** @param {string} tag */
  async speak(tag) {
    await speakLanguage(tag);
    document.documentElement.lang = spokenLanguage();
    document.title = tr("appName");
  }

  /**
   * The user wants this language, now and at later visits. What was said before stays as it is.
   * @param {string} tag
   */
  async chooseLanguage(tag) {
    this.settings.language = this.chosenLanguage = tag;
    this.save();
    await this.speak(tag);
    if (this.state) {
      this.state.chosenLanguage = tag;
      tellLanguage(this.state);
    }
    const before = this.signIn;
    this.signIn = this.makeSignIn();
    if (document.body.contains(before.element)) {
      this.chat = null; // onWelcome opens it in this language
      show(this.signIn.element);
      this.signIn.show({ ...before.asked, nick: before.name.input.value });
    } else if (this.chat) {
      this.openChat();
    }
  }

  openChat() {
    const { state } = this;
    if (!state) return;
    this.chat = new ChatView(state, this.settings, {
      save: () => this.save(), quit: () => this.quit(), setTheme: (theme) => this.setTheme(theme),
      languages: this.languages, chooseLanguage: (tag) => void this.chooseLanguage(tag),
    });
    show(this.chat.element);
    this.chat.render();
    this.chat.composer.focus();
  }

  // ---- the connection ----

  /** @param {string} line */
  onLine(line) {
    const { state, session } = this;
    if (!state || !session) return;
    session.feed(line);
    const events = state.events;
    state.events = events.filter((event) => event.type !== "welcome" && event.type !== "refused");
    for (const event of events) {
      if (event.type === "welcome") this.onWelcome();
      else if (event.type === "refused") this.onRefused(event.why, event.text, event.nick);
    }
    if (!this.chat) state.events = [];
    else if (state.events.length) this.chat.react();
    this.chat?.refresh();
  }

  onWelcome() {
    const { state } = this;
    if (!state) return;
    this.isHeld = false;
    this.heldTries = 0;
    this.connection.settled();
    this.settings.nick = state.nick;
    if (!this.chat) {
      this.openChat();
    } else if (!document.body.contains(this.chat.element)) {
      show(this.chat.element);
    }
    this.chat?.tell("");
    if (state.isBack) void this.lookForUpdate();
    this.saveNow(); // another tab may be opened at once
  }

  /** Offers to load the page again where the server has another script now: it may have been upgraded. */
  async lookForUpdate() {
    const script = document.querySelector("script")?.src ?? "";
    const answer = await fetch(script, { method: "HEAD", cache: "no-store" }).catch(() => null);
    const version = answer?.ok && answer.headers.get("ETag");
    if (version && !version.includes(metaOf("script"))) this.chat?.tell(tr("outdated"), "", { [tr("reload")]: () => location.reload() });
  }

  onLost() {
    this.session?.lost();
    this.rememberWho();
    if (!this.chat && !this.heldTries) {
      // The server was reached to load this page; it may be starting again.
      this.signIn.error.replaceChildren(tr("unreachable"));
    }
    this.tick();
    this.chat?.refresh();
  }

  /** The next connection comes in as who we are now, which may be another name and another account than at first. */
  rememberWho() {
    const { state } = this;
    if (!state?.wasRegistered) return;
    const account = state.account || this.visitor.account;
    this.visitor = { ...this.visitor, nick: state.nick, account, password: state.password };
    this.isRemembered = Boolean(state.password);
  }

  /**
   * The server doesn't let us in, or throws us out.
   * @param {string} why
   * @param {string} text
   * @param {string} [nick] who did it
   */
  onRefused(why, text, nick = "") {
    const { state } = this;
    if (!state) return;
    if (why === "elsewhere" || why === "killed") {
      this.letGo(`refused_${why}`, { nick, text });
    } else if (why === "ended") {
      this.quit();
      this.signIn.show({ nick: state.nick, error: tr("refused_ended"), password: true });
    } else if (why === "taken" && (state.wasRegistered || this.heldTries > 0)) {
      this.isHeld = state.wasRegistered;
      this.heldTries--;
      this.connection.drop();
      if (!state.wasRegistered) this.connection.retryAt = Date.now() + HELD_PAUSE_MS;
    } else if (why === "often" && state.wasRegistered) {
      this.connection.drop();
    } else if (why !== "closed") {
      this.askAgain(why, text);
    } else if (!state.wasRegistered) {
      this.signIn.error.replaceChildren(tr("refused_closed", { text }));
    }
  }

  /**
   * Shows the form again, with what was wrong.
   * @param {string} why
   * @param {string} text
   */
  askAgain(why, text) {
    this.connection.stop();
    this.session?.lost();
    this.isHeld = false;
    this.heldTries = 0;
    show(this.signIn.element);
    const { nick } = this.visitor;
    const isBack = why === "claimed" && fold(nick) === fold(this.settings.nick);
    const isChanged = why === "login" && this.isRemembered;
    this.signIn.show({
      nick,
      error: tr(isBack ? "welcomeBack" : isChanged ? "passwordChanged" : `refused_${why}`, { nick, text }) || tr("refused_bad", { nick }),
      isFault: !isBack && !isChanged,
      password: why === "claimed" || why === "login" || Boolean(this.visitor.password),
      serverPassword: why.startsWith("server-password") || Boolean(this.visitor.serverPassword),
    });
  }

  /**
   * Another tab or another device has the name now, or somebody has thrown us off the server.
   * @param {string} why
   * @param {Record<string, string>} [places]
   */
  letGo(why, places = {}) {
    this.saveNow();
    this.connection.send("QUIT");
    this.connection.stop();
    this.session?.lost();
    show(noticePage(tr(why, places), tr(why === "takenOver" ? "useHere" : "comeBack"), () => void this.takeOver()));
    document.title = tr("appName");
  }

  quit() {
    this.saveNow();
    this.connection.send("QUIT");
    this.connection.stop();
    this.session?.lost();
    this.state = this.session = this.chat = null;
    forgetPerson(this.settings);
    this.saveNow();
    this.signIn.name.input.value = "";
    this.visitor = { nick: "", password: "", serverPassword: "" };
    show(this.signIn.element);
    this.signIn.password.input.value = this.signIn.serverPassword.input.value = "";
    this.signIn.show({ nick: "" });
    document.title = tr("appName");
  }

  /** Tells how long it is to the next try. */
  tick() {
    if (!this.chat || this.connection.stopped) return;
    if (this.state?.current.typing.size) this.chat.refresh();
    if (this.state?.registered) return;
    const seconds = Math.max(0, Math.ceil((this.connection.retryAt - Date.now()) / 1000));
    const text = tr(this.isHeld ? "nameHeld" : "connectionLost", { nick: this.visitor.nick });
    const when = this.connection.retryAt && seconds ? tr("nextTry", { seconds }) : tr("trying");
    /** @type {Record<string, () => void>} */
    const acts = { [tr("tryNow")]: () => this.connection.wake() };
    if (this.isHeld) acts[tr("otherName")] = () => this.askAgain("taken", "");
    this.chat.tell(text, when, acts);
  }

  // ---- what is remembered ----

  onHash() {
    const name = hashRoom();
    if (name) this.chat?.goToHash(name);
  }

  /** @param {string} theme */
  setTheme(theme) {
    this.settings.theme = theme;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.save();
  }

  save() {
    if (!this.saveTimer) this.saveTimer = setTimeout(() => this.saveNow(), SAVE_MS);
  }

  saveNow() {
    clearTimeout(this.saveTimer);
    this.saveTimer = 0;
    const { state, settings } = this;
    if (state?.wasRegistered && this.tabs.holds) {
      const rooms = [...state.rooms.values()];
      settings.nick = this.visitor.nick = state.nick;
      settings.current = state.current.name;
      settings.rooms = rooms.filter((room) => !room.isDirect && room.joined).map((room) => room.name);
      settings.conversations = rooms.filter((room) => room.isDirect).map((room) => room.name);
      for (const room of rooms) {
        const key = fold(room.name);
        if (room.read) settings.read[key] = room.read;
        if (room.draft) settings.drafts[key] = room.draft;
        else delete settings.drafts[key];
      }
      if (state.registered) settings.seen = Date.now() + state.ahead;
    }
    saveSettings(this.storage, settings);
  }
}

/** @param {HTMLElement} element */
function show(element) {
  document.body.replaceChildren(element);
}

/**
 * What the server has written into the page.
 * @param {string} name
 */
function metaOf(name) {
  return document.querySelector(`meta[name=${name}]`)?.getAttribute("content") ?? "";
}

/** The room that the address names, or "". */
function hashRoom() {
  try {
    const name = decodeURIComponent(location.hash);
    return isRoomName(name) && name.length > 1 && !/[\s,]/.test(name) ? name : "";
  } catch {
    return "";
  }
}

function socketAddress() {
  const url = new URL("irc", location.href.split("#")[0]);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** The browser's storage; null where it forbids any. */
function storageOf() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

void new App().start();
