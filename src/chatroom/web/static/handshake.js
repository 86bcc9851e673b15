/**
 * Registers with the server: capabilities, passwords, name; and tells why it was refused.
 */

import { renderLine } from "./irc.js";
import { reasonOf } from "./refusals.js";
import { spokenLanguage } from "./strings.js";

/** @typedef {import("./state.js").ChatState} ShakingState */
/** @typedef {import("./irc.js").Message} ShakingMessage */

const WANTED_CAPS = [
  "account-notify", "away-notify", "batch", "cap-notify", "draft/channel-rename", "draft/chathistory", "draft/languages", "draft/message-redaction",
  "draft/multiline", "draft/read-marker", "echo-message", "extended-join", "extended-monitor", "invite-notify", "labeled-response",
  "message-tags", "multi-prefix", "server-time", "setname", "soju.im/search", "standard-replies",
];

/** With this, what the server says is in the language of the page. */
export const LANGUAGES = "draft/languages";

/**
 * Who comes in: `password` is that of the claimed name, which is `account` or else the nickname; `serverPassword` is that
 * of the server.
 * @typedef {{nick: string, account?: string, password: string, serverPassword: string}} Visitor
 */

export class Handshake {
  /**
   * @param {ShakingState} state
   * @param {Visitor} visitor
   */
  constructor(state, visitor) {
    this.state = state;
    this.visitor = visitor;
    /** The code of the FAIL before a numeric. */
    this.reason = "";
    this.passwordRefused = false;
    /** What NickServ says about the password of the name. */
    this.said = "";
    /** @type {string[]} */
    this.offered = [];
    this.ended = false;
  }

  start() {
    const { nick, account, password, serverPassword } = this.visitor;
    this.state.offered = password;
    this.state.send("CAP", "LS", "302");
    if (serverPassword) this.state.send("PASS", serverPassword);
    if (password) this.state.send("PASS", `${account || nick}:${password}`);
    this.state.send("NICK", nick);
    this.state.sendLine?.(`${renderLine("USER", ["web", "0", "*"])} :${nick}`);
  }

  /**
   * Handles a message that is about coming in; false for any other.
   * @param {ShakingMessage} message
   */
  feed(message) {
    if (message.command === "CAP") {
      this.onCap(message.params);
      return true;
    }
    if (this.state.registered) return false;
    const { command, params } = message;
    if (command === "FAIL") this.reason = reasonOf(message);
    else if (command === "NOTICE") this.said = params.at(-1) ?? "";
    else if (command === "433" || command === "436") this.refuse(this.whyTaken(), this.said);
    else if (command === "432") this.refuse(this.reason ? `bad_${this.reason}` : "bad", params.at(-1));
    else if (command === "464") this.onPasswordRefused();
    else if (command === "465") this.refuse("banned", params.at(-1));
    else if (command === "ERROR") this.onError(params.at(-1));
    else return false;
    return true;
  }

  whyTaken() {
    if (this.reason !== "NICKNAME_RESERVED") return "taken";
    return this.visitor.password ? "login" : "claimed";
  }

  /** The numeric is the same for the server's password and for the name's: what follows tells which it was. */
  onPasswordRefused() {
    this.passwordRefused = true;
    if (this.reason === "TEMPORARILY_UNAVAILABLE") this.refuse("often");
  }

  /** @param {string} [text] */
  onError(text) {
    if (this.passwordRefused) this.refuse(this.visitor.serverPassword ? "server-password-wrong" : "server-password");
    else this.refuse("closed", text);
  }

  /**
   * @param {string} why
   * @param {string} [text]
   */
  refuse(why, text = "") {
    this.state.events.push({ type: "refused", why, text });
  }

  /** @param {string[]} params */
  onCap(params) {
    const verb = (params[1] ?? "").toUpperCase();
    const names = (params.at(-1) ?? "").split(" ").filter(Boolean);
    if (verb === "LS" || verb === "NEW") {
      this.offered.push(...names.map((name) => name.split("=")[0]));
      if (params[2] !== "*") this.request();
    } else if (verb === "ACK") {
      for (const name of names) this.state.caps.add(name);
      this.end();
    } else if (verb === "DEL") {
      for (const name of names) this.state.caps.delete(name);
    } else if (verb === "NAK") {
      this.end();
    }
  }

  request() {
    if (this.offered.includes(LANGUAGES)) this.state.send("LANGUAGE", spokenLanguage());
    const wanted = WANTED_CAPS.filter((name) => this.offered.includes(name) && !this.state.caps.has(name));
    this.offered = [];
    if (wanted.length) this.state.send("CAP", "REQ", wanted.join(" "));
    else this.end();
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    this.state.send("CAP", "END");
  }
}
