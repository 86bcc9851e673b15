/**
 * The menus: about a person, a room, a message, and oneself; and the forms that they open.
 */

import { askBans, askPerson, askService, changePassword, claimName, logIn, markAway, moderate, renameRoom, setKey, setSlowMode, SLASH_COMMANDS, usageOf } from "../slash.js";
import { canNotify } from "../alerts.js";
import { fold, roomNamed } from "../irc.js";
import { isIgnored, setIgnored } from "../ignoring.js";
import { bansOf, mutedIn } from "../modes.js";
import { hasRank } from "../presence.js";
import { canAnswer, QUICK_REACTIONS, toggleReaction } from "../reactions.js";
import { timeSpan } from "../phrases.js";
import { languageName, spokenLanguage, tr } from "../strings.js";
import { badge, button, el, nameOf } from "./dom.js";
import { openCard, openDialog, openForm, openMenu, placeBeside } from "./dialogs.js";
import { openEmoji } from "./emoji_picker.js";
import { bodyOf } from "./rows.js";
import { NAME_CHARACTERS } from "./sign_in.js";
import { openShare } from "./share.js";

/** @typedef {import("../state.js").ChatState} MenuState */
/** @typedef {import("../room.js").Room} MenuRoom */
/** @typedef {import("../entries.js").Entry} MenuEntry */

/**
 * What menus do to the page.
 * @typedef {{go: (room: MenuRoom) => void, answer: (entry: MenuEntry) => void, edit: (entry: MenuEntry) => void, write: (text: string) => void, search: () => void, leave: (room: MenuRoom) => void, closeDrawers: () => void,
 *   quit: () => void, setTheme: (theme: string) => void, save: () => void, refresh: () => void,
 *   languages: string[], chooseLanguage: (tag: string) => void}} MenuActs
 */

const THEMES = ["system", "light", "dark"];
/** How long somebody can be kept out: "" is for good. */
const TIMES = ["10m", "1h", "1d", "1w", ""];

export class Menus {
  /**
   * @param {MenuState} state
   * @param {import("../settings.js").Settings} settings
   * @param {MenuActs} acts
   */
  constructor(state, settings, acts) {
    this.state = state;
    this.settings = settings;
    this.acts = acts;
    /**
     * What NickServ says goes to the form that asked.
     * @type {((text: string, done: boolean) => void) | null}
     */
    this.waiting = null;
  }

  /**
   * @param {string} nick
   * @param {HTMLElement} anchor
   */
  person(nick, anchor) {
    const { state } = this;
    const room = state.current;
    const member = room.member(nick);
    const send = (/** @type {string} */ change) => () => state.send("MODE", room.name, change, nick);
    const isMe = state.isMe(nick);
    /** @type {import("./dialogs.js").MenuItem[]} */
    const items = [
      !isMe && { label: tr("talkTo", { nick }), act: () => this.acts.go(state.room(nick)) },
      !isMe && { label: tr("mentionThem"), act: () => this.acts.write(`@${nick} `) },
      { label: tr("whoIs"), act: () => askPerson(state, nick) },
      !isMe && this.ignoring(nick),
    ];
    if (!room.isDirect && state.isOperatorIn(room)) {
      const isOperator = hasRank(member);
      const hasVoice = member?.prefix.includes("+");
      const isMuted = mutedIn(room).has(fold(nick));
      items.push(
        member && !isOperator && { label: tr("makeOperator"), act: send("+o") },
        member && isOperator && { label: tr("takeOperator"), act: send("-o") },
        member && !isOperator && { label: tr(hasVoice ? "takeVoice" : "giveVoice"), act: send(hasVoice ? "-v" : "+v") },
        !isMe && !isMuted && { label: tr("muteThem"), act: () => this.keepOrder("mute", room, nick) },
        !isMe && isMuted && { label: tr("unmuteThem"), act: () => state.send("UNMUTE", room.name, nick) },
        !isMe && { label: tr("kickThem"), act: () => this.keepOrder("kick", room, nick), danger: true },
        !isMe && { label: tr("banThem"), act: () => this.keepOrder("ban", room, nick), danger: true },
      );
    }
    openMenu(anchor, nick, items, this.acts.closeDrawers);
  }

  /** @param {string} nick */
  ignoring(nick) {
    const isSilent = isIgnored(this.state, nick);
    return { label: tr(isSilent ? "unignoreThem" : "ignoreThem"), act: () => setIgnored(this.state, nick, !isSilent) };
  }

  /**
   * Asks for a time and a reason, and mutes, removes or bans somebody.
   * @param {"mute"|"kick"|"ban"} what
   * @param {MenuRoom} room
   * @param {string} nick
   */
  keepOrder(what, room, nick) {
    const times = what === "kick" ? ["", ...TIMES.slice(0, -1)] : TIMES;
    /** @type {[string, string][]} */
    const options = times.map((time) => [time, time ? tr(`time_${time}`) : tr(what === "kick" ? "timeNone" : "time_")]);
    openForm(
      tr(`${what}Title`, { nick, room: room.name }),
      [{ name: "time", label: tr("howLong"), options }, { name: "why", label: tr("why"), props: { maxlength: 200 } }],
      tr(what),
      ({ time, why }) => moderate(this.state, what.toUpperCase(), room, nick, time, why.trim()),
    );
  }

  /**
   * @param {MenuRoom} room
   * @param {HTMLElement} anchor
   */
  room(room, anchor) {
    const { state } = this;
    if (room.isDirect) {
      openMenu(anchor, room.name, [
        { label: tr("whoIs"), act: () => askPerson(state, room.name) },
        this.ignoring(room.name),
        { label: tr("putAway"), act: () => this.acts.leave(room) },
      ]);
      return;
    }
    /** @type {import("./dialogs.js").MenuItem[]} */
    const items = [
      { label: tr("setTopic"), act: () => this.topic(room) },
      { label: tr("inviteSomebody"), act: () => this.invite(room) },
      { label: tr("shareRoom"), act: () => void openShare(room.name, copy) },
      { label: tr("whoIsBanned"), act: () => askBans(state, room) },
    ];
    if (state.isOperatorIn(room)) {
      items.push(
        { label: tr("renameRoom"), act: () => this.rename(room) },
        { label: tr("setKey"), act: () => this.key(room) },
        { label: tr("slowMode"), act: () => this.slow(room) },
        room.modes?.has("m")
          ? { label: tr("loud"), act: () => state.send("MODE", room.name, "-m") }
          : { label: tr("quiet"), act: () => state.send("MODE", room.name, "+m") },
      );
    }
    openMenu(anchor, room.name, [...items, null, { label: tr("leaveRoom", { room: room.name }), act: () => this.acts.leave(room), danger: true }]);
  }

  /**
   * Shows all of a topic that is longer than its line, with its links.
   * @param {MenuRoom} room
   */
  showTopic(room) {
    openCard("", tr("topic"), nameOf(room.name), el("p.text", { dir: "auto" }, ...bodyOf(room.topic, null)));
  }

  /** @param {MenuRoom} room */
  topic(room) {
    const props = { value: room.topic, maxlength: Number(this.state.isupport.TOPICLEN) || 300, autocapitalize: "sentences", spellcheck: "true" };
    openForm(room.name, [{ name: "topic", label: tr("topic"), props }], tr("save"), ({ topic }) =>
      this.state.send("TOPIC", room.name, topic.trim()),
    );
  }

  /** @param {MenuRoom} room */
  invite(room) {
    openForm(tr("inviteSomebody"), [{ name: "nick", label: tr("inviteName"), props: { required: true } }], tr("invite"), ({ nick }) =>
      this.state.send("INVITE", nick.trim(), room.name),
    );
  }

  /** @param {MenuRoom} room */
  rename(room) {
    openForm(room.name, [{ name: "name", label: tr("roomName"), props: { value: room.name, required: true, maxlength: 50 } }], tr("save"), ({ name }) =>
      renameRoom(this.state, room, roomNamed(name)),
    );
  }

  /** @param {MenuRoom} room */
  key(room) {
    openForm(room.name, [{ name: "key", label: tr("key"), props: { value: room.key } }], tr("save"), ({ key }) =>
      setKey(this.state, room, key.trim()),
    );
  }

  /**
   * Asks for the key of a room that we want to come into.
   * @param {MenuRoom} room
   * @param {string} [wrong] what was wrong with the one before
   */
  enterKey(room, wrong = "") {
    if (document.querySelector("dialog[open]")) return;
    const form = openForm(tr("keyTitle", { room: room.name }), [{ name: "key", label: tr("keyWanted"), props: { required: true } }], tr("join"), ({ key }) => {
      form.close(); // before going: what closes gives the focus back to where it was
      this.state.join(room.name, key.trim());
      this.acts.go(room);
    });
    form.tell(wrong);
  }

  /**
   * Who is banned or muted in a room; its operators can lift each.
   * @param {MenuRoom} room
   */
  bans(room) {
    const list = el("div.list");
    for (const { isMute, nick, by, until, why } of bansOf(room)) {
      const text = tr(isMute ? "mutedHere" : "bannedHere", { nick, by });
      const left = until && tr("timeLeft", { span: timeSpan((until - this.state.now() - this.state.ahead) / 1000) });
      const lift = button(".link", tr("lift"), () => {
        this.state.send(isMute ? "UNMUTE" : "UNBAN", room.name, nick);
        line.remove();
      }, tr("lift"));
      lift.setAttribute("aria-label", tr("liftFrom", { nick }));
      const more = [left, why].filter(Boolean).join(" · ");
      const line = el("p.ban", {}, el("span", { dir: "auto" }, text, more && el("small", {}, more)), " ", this.state.isOperatorIn(room) && lift);
      list.append(line);
    }
    if (!room.banned.size) list.append(el("p", {}, tr("nobodyBanned")));
    openCard("", tr("whoIsBanned"), tr("whoIsBanned"), list);
  }

  /**
   * Shows what the server has told about somebody.
   * @param {string} nick
   * @param {string[]} told
   */
  about(nick, told) {
    openCard("", nick, nameOf(nick), ...told.map((text) => el("p", { dir: "auto" }, text)));
  }

  /** @param {MenuRoom} room */
  slow(room) {
    const props = { type: "number", min: 0, max: 3600, value: 10 };
    openForm(room.name, [{ name: "seconds", label: tr("slow"), props }], tr("save"), ({ seconds }) =>
      setSlowMode(this.state, room, seconds),
    );
  }

  /**
   * @param {MenuEntry} entry
   * @param {HTMLElement} anchor
   */
  message(entry, anchor) {
    const { state } = this;
    const room = state.current;
    const mayTakeBack = entry.id && state.caps.has("draft/message-redaction") && (entry.own || (!room.isDirect && state.isOperatorIn(room)));
    /** @type {import("./dialogs.js").MenuItem[]} */
    const items = [
      canAnswer(state, entry)
        ? { label: tr("reply"), act: () => this.acts.answer(entry) }
        : !entry.own && { label: tr("answer", { nick: entry.nick }), act: () => this.acts.write(`@${entry.nick} `) },
      canAnswer(state, entry) && { label: tr("reactWith"), act: () => this.reactions(entry, anchor) },
      { label: tr("copyText"), act: () => copy(entry.text) },
      mayTakeBack && entry.own && entry.kind === "message" && { label: tr("edit"), act: () => this.acts.edit(entry) },
      mayTakeBack && { label: tr("takeBack"), act: () => state.send("REDACT", room.name, entry.id), danger: true },
    ];
    openMenu(anchor, tr("messageMenu"), items);
  }

  /**
   * Six reactions, and all other emoji.
   * @param {MenuEntry} entry
   * @param {HTMLElement} anchor
   */
  reactions(entry, anchor) {
    const { state } = this;
    const room = state.current;
    const take = (/** @type {string} */ emoji) => {
      if (dialog.open) dialog.close();
      toggleReaction(state, room, entry, emoji);
    };
    const quick = QUICK_REACTIONS.map((emoji) => button(".emoji", emoji, () => take(emoji)));
    const more = button(".emoji", tr("otherReaction"), () => {
      dialog.close();
      openEmoji(anchor, take);
    }, "⋯");
    const dialog = openDialog(".menu.reactions", tr("react"), ...quick, more);
    placeBeside(dialog, anchor);
  }

  // ---- oneself ----

  /** @param {HTMLElement} anchor */
  account(anchor) {
    const { state, settings } = this;
    const isIn = state.registered;
    const theme = tr(`theme_${settings.theme}`);
    /** @type {import("./dialogs.js").MenuItem[]} */
    const items = [
      isIn && !state.account && { label: tr("claim"), act: () => this.claim() },
      isIn && !state.account && { label: tr("logIn"), act: () => this.logIn() },
      isIn && state.account && { label: tr("changePassword"), act: () => this.changePassword() },
      isIn && state.account && { label: tr("devices"), act: () => askService(state, "DEVICES") },
      isIn && state.account && { label: tr("logOut"), act: () => askService(state, "LOGOUT") },
      isIn && { label: tr("changeName"), act: () => this.changeName() },
      isIn && { label: tr(state.away ? "comeBackHere" : "goAway"), act: () => markAway(state, state.away ? undefined : tr("awayText")) },
      null,
      { label: tr("theme", { theme }), act: () => this.acts.setTheme(THEMES[(THEMES.indexOf(settings.theme) + 1) % THEMES.length]) },
      this.acts.languages.length > 1 && { label: tr("language", { language: languageName(spokenLanguage()) }), act: () => this.languages(anchor) },
      { label: tr(settings.typing ? "typingOn" : "typingOff"), act: () => this.toggle("typing") },
      { label: tr(settings.sound ? "soundOn" : "soundOff"), act: () => this.toggle("sound") },
      canNotify() && { label: tr(settings.notify && Notification.permission === "granted" ? "notifyOn" : "notifyOff"), act: () => void this.toggleNotify() },
      { label: tr("keys"), act: () => this.help() },
      null,
      { label: tr("leaveChat"), act: this.acts.quit, danger: true },
    ];
    openMenu(anchor, state.nick, items, this.acts.closeDrawers);
  }

  /** @param {HTMLElement} anchor */
  languages(anchor) {
    const items = this.acts.languages.map((tag) => ({ label: `${languageName(tag)}${tag === spokenLanguage() ? " ✓" : ""}`, act: () => this.acts.chooseLanguage(tag) }));
    openMenu(anchor, tr("chooseLanguage"), items);
  }

  /** @param {"sound"|"typing"} what */
  toggle(what) {
    this.settings[what] = !this.settings[what];
    this.acts.save();
  }

  async toggleNotify() {
    const isOn = this.settings.notify && Notification.permission === "granted";
    this.settings.notify = !isOn;
    if (!isOn && (await Notification.requestPermission()) !== "granted") this.state.inform(tr("notifyDenied"), "error");
    this.acts.save();
    this.acts.refresh();
  }

  /**
   * A form about passwords: it stays open until the server has answered.
   * @param {string} title
   * @param {import("./dialogs.js").FieldSpec[]} specs
   * @param {string} action
   * @param {(values: Record<string, string>) => void} ask
   * @param {string} [help]
   */
  passwordForm(title, specs, action, ask, help = "") {
    const hints = [help, isSecureContext ? "" : tr("passwordOpen")].filter(Boolean).join(" ");
    const form = openForm(
      title,
      specs,
      action,
      (values) => {
        if (/\s/.test(`${values.old ?? ""}${values.password}`)) return tr("noSpaces");
        if (!this.state.registered) return tr("noConnection");
        ask(values);
        return false;
      },
      hints,
    );
    const { account } = this.state;
    this.waiting = (text, done) => (done || this.state.account !== account ? form.close() : form.tell(text));
    form.dialog.addEventListener("close", () => (this.waiting = null));
  }

  claim() {
    const { nick } = this.state;
    this.passwordForm(
      tr("claimTitle", { nick }),
      [usernameField(nick, tr("name")), passwordField(tr("newPassword"), "new-password")],
      tr("claimIt"),
      ({ password }) => claimName(this.state, password),
      tr("claimHelp"),
    );
  }

  logIn() {
    const name = { name: "username", label: tr("accountName"), props: { value: this.state.nick, autocomplete: "username", required: true } };
    this.passwordForm(tr("logInTitle"), [name, passwordField(tr("accountPassword"), "current-password")], tr("logInNow"), ({ username, password }) =>
      logIn(this.state, username.trim(), password),
    );
  }

  changePassword() {
    const { account } = this.state;
    this.passwordForm(
      tr("changePasswordTitle", { nick: account }),
      [
        usernameField(account, tr("accountName")),
        { ...passwordField(tr("oldPassword"), "current-password"), name: "old" },
        passwordField(tr("newPassword"), "new-password"),
      ],
      tr("change"),
      ({ old, password }) => changePassword(this.state, old, password),
    );
  }

  changeName() {
    const props = { value: this.state.nick, required: true, autocomplete: "username" };
    openForm(tr("changeName"), [{ name: "nick", label: tr("newName"), props }], tr("change"), ({ nick }) => {
      if (Array.from(nick.trim()).length > NAME_CHARACTERS) return tr("longName", { count: NAME_CHARACTERS });
      this.state.send("NICK", nick.trim().replace(/\s+/g, "_"));
    });
  }

  // ---- going somewhere ----

  join() {
    const rooms = el("div.list");
    const form = openForm(
      tr("joinRoom"),
      [{ name: "room", label: tr("roomName"), props: { placeholder: "#", required: true, maxlength: 50 } }, { name: "key", label: tr("roomKey") }],
      tr("join"),
      ({ room, key }) => {
        const name = roomNamed(room);
        if (name === "#") return tr("roomName");
        if (name.includes(",")) return tr("oneRoom");
        form.close(); // before going, as above
        this.acts.go(this.state.join(name, key.trim()));
      },
    );
    form.dialog.append(rooms);
    this.listRooms = (/** @type {import("../state.js").ListedRoom[]} */ found) => {
      const others = found.filter((each) => !this.state.find(each.name)?.joined);
      const rows = others.map((each) => {
        const go = () => {
          form.close();
          this.acts.go(this.state.join(each.name));
        };
        return el("button.room.listed", { type: "button", onclick: go }, nameOf(each.name, ".name"), ...[...each.closed].map((letter) => badge(tr(`closed_${letter}`), letter === "k" ? "🔑" : "✉")), el("small", {}, tr("peopleCount", { count: each.people })), each.topic && el("span.topic", { dir: "auto" }, each.topic));
      });
      rooms.replaceChildren(...(rows.length ? [el("h2", {}, tr("roomsHere")), ...rows] : []));
    };
    form.dialog.addEventListener("close", () => (this.listRooms = null));
    this.state.send("LIST");
  }

  /**
   * Where the answer to LIST goes.
   * @type {((rooms: import("../state.js").ListedRoom[]) => void) | null}
   */
  listRooms = null;

  goTo() {
    const list = el("div.list");
    const show = () => {
      const wanted = fold(input.value.trim());
      const rooms = [...this.state.rooms.values()].filter((room) => fold(room.name).includes(wanted));
      const names = rooms.map((room) => room.name);
      for (const member of this.state.current.members.values())
        if (wanted && fold(member.nick).includes(wanted) && !this.state.find(member.nick)) names.push(member.nick);
      list.replaceChildren(...names.slice(0, 12).map((name) => button(".room", name, () => take(name), nameOf(name, ".name"))));
      const room = roomNamed(input.value);
      if (!names.length) list.append(room.includes(",") ? tr("oneRoom") : button(".room", tr("enterJoins", { room }), () => take(room)));
    };
    const take = (/** @type {string} */ name) => {
      dialog.close();
      this.acts.go(this.state.room(name));
    };
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "search", "aria-label": tr("goTo"), placeholder: tr("goTo"), oninput: () => show() }));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") list.querySelector("button")?.click();
    });
    const dialog = openDialog(".form.go-to", tr("goTo"), input, list);
    show();
    input.focus();
  }

  help() {
    const commands = Object.keys(SLASH_COMMANDS).flatMap((name) => row(usageOf(name), tr(`does_${name}`)));
    const keys = [
      ["Enter", "keyEnter"], ["Tab", "keyTab"], ["↑ ↓", "keyUp"], ["Ctrl+K", "keyGoTo"], ["Ctrl+Shift+F", "keySearch"],
      ["Alt+↑ Alt+↓", "keyRooms"], ["↑ ↓", "keyMessages"], ["Esc", "keyEscape"],
    ];
    const list = el("dl", { tabindex: 0 }, ...commands, ...keys.flatMap(([key, text]) => row(key, tr(text))));
    openCard(".help", tr("helpTitle"), tr("helpTitle"), list);
  }
}

/**
 * @param {string} term
 * @param {string} text
 */
function row(term, text) {
  return [el("dt", {}, el("code", {}, term)), el("dd", {}, text)];
}

/**
 * The name is there for the browser, which keeps it with the password.
 * @param {string} nick
 * @param {string} label
 */
function usernameField(nick, label) {
  return { name: "username", label, props: { value: nick, autocomplete: "username", readonly: true } };
}

/**
 * @param {string} label
 * @param {string} autocomplete
 */
function passwordField(label, autocomplete) {
  return { name: "password", label, props: { type: "password", autocomplete, required: true } };
}

/** @param {string} text */
function copy(text) {
  if (navigator.clipboard) {
    void navigator.clipboard.writeText(text);
    return;
  }
  // Without https there is no clipboard to write to; the old way needs a field that is selected.
  const area = /** @type {HTMLTextAreaElement} */ (el("textarea.unseen", {}));
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
