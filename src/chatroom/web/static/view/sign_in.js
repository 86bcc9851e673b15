/**
 * The way in: a name, and passwords only where they are asked for.
 */

import { languageName, spokenLanguage, tr } from "../strings.js";
import { button, el, field } from "./dom.js";

/** @typedef {import("../handshake.js").Visitor} SignInVisitor */

/** As many as the server takes. The field takes more, so that nobody's name is cut without a word. */
export const NAME_CHARACTERS = 32;

export class SignInView {
  /**
   * @param {(visitor: SignInVisitor) => void} onEnter
   * @param {string} about whose server this is
   * @param {string[]} languages
   * @param {(tag: string) => void} onLanguage
   */
  constructor(onEnter, about, languages, onLanguage) {
    this.name = field(tr("name"), { name: "username", autocomplete: "username", required: true }, tr("nameHint"));
    this.password = field(tr("password"), { name: "password", type: "password", autocomplete: "current-password" });
    this.serverPassword = field(tr("serverPassword"), { name: "server-password", type: "password", autocomplete: "section-server current-password" });
    this.error = el("p.form-error", { role: "alert" });
    this.open = el("p.hint", {}, tr("passwordOpen"));
    this.submit = /** @type {HTMLButtonElement} */ (el("button.primary", { type: "submit" }, tr("enter")));
    this.form = el(
      "form",
      { method: "post", action: "./", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.enter(event, onEnter) },
      el("div.logo", { "aria-hidden": "true" }),
      el("h1", {}, tr("appName")),
      about && el("p", { dir: "auto" }, about),
      el("p.hint", {}, tr("welcome")),
      this.error, this.name.row, this.password.row, this.serverPassword.row, this.open, this.submit,
    );
    const others = languages.filter((tag) => tag !== spokenLanguage());
    const links = others.map((tag) => el("button.link", { type: "button", lang: tag, onclick: () => onLanguage(tag) }, languageName(tag)));
    if (links.length) this.form.append(el("p.languages", {}, ...links));
    this.element = el("main.sign-in", {}, this.form);
    /** What is asked for at the moment. */
    this.asked = { nick: "", password: false, serverPassword: false };
  }

  /**
   * Asks for what is needed.
   * @param {{nick: string, error?: string, isFault?: boolean, password?: boolean, serverPassword?: boolean}} asks
   */
  show({ nick, error = "", isFault = true, password = false, serverPassword = false }) {
    this.busy(false);
    this.asked = { nick, password, serverPassword };
    if (nick) this.name.input.value = nick;
    this.password.row.hidden = !password;
    this.serverPassword.row.hidden = !serverPassword;
    this.open.hidden = isSecureContext || !(password || serverPassword);
    this.error.className = isFault ? "form-error" : "asked";
    this.error.replaceChildren(error);
    const first = password ? this.password.input : serverPassword ? this.serverPassword.input : this.name.input;
    first.focus();
    first.select();
  }

  /** @param {boolean} busy */
  busy(busy) {
    this.submit.disabled = busy;
    this.submit.replaceChildren(tr(busy ? "entering" : "enter"));
  }

  /**
   * @param {Event} event
   * @param {(visitor: SignInVisitor) => void} onEnter
   */
  enter(event, onEnter) {
    event.preventDefault();
    const nick = this.name.input.value.trim().replace(/\s+/g, "_");
    if (!nick) {
      this.show({ nick: "", error: tr("noName") });
      return;
    }
    if (Array.from(nick).length > NAME_CHARACTERS) {
      this.show({ nick, error: tr("longName", { count: NAME_CHARACTERS }) });
      return;
    }
    this.name.input.value = nick;
    this.error.className = "form-error";
    this.error.replaceChildren();
    this.busy(true);
    const password = this.password.row.hidden ? "" : this.password.input.value;
    const serverPassword = this.serverPassword.input.value;
    onEnter({ nick, password, serverPassword });
  }
}

/**
 * A page that only says something, with one thing to do about it.
 * @param {string} text
 * @param {string} action
 * @param {() => void} act
 */
export function noticePage(text, action, act) {
  const main = button(".primary", action, act);
  return el("main.sign-in", {}, el("div.card", {}, el("div.logo", { "aria-hidden": "true" }), el("h1", {}, tr("appName")), el("p", {}, text), main));
}
