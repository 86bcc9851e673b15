/**
 * Where one writes: the field, what it can be completed to, emoji, and what the connection does.
 */

import { choicesFor, wordAt } from "../completion.js";
import { withEmoji } from "../emoji.js";
import { tellTyping, typingIn } from "../reactions.js";
import { isSecretLine } from "../slash.js";
import { listNames } from "../phrases.js";
import { tr } from "../strings.js";
import { button, el } from "./dom.js";
import { openEmoji } from "./emoji_picker.js";

const SENT_KEPT = 50;

export class ComposerView {
  /**
   * @param {import("../state.js").ChatState} state
   * @param {import("../settings.js").Settings} settings
   * @param {{send: (line: string) => string, onDraft: () => void, join: () => void, onSize: () => void}} acts `send` returns
   *   what is wrong, or ""
   */
  constructor(state, settings, acts) {
    this.state = state;
    this.settings = settings;
    this.acts = acts;
    /** @type {string[]} */
    this.sent = [];
    this.at = 0;
    /** Of the text at which the field was made as high as it is. */
    this.length = 0;
    /** @type {import("../completion.js").Choice[]} */
    this.choices = [];
    this.chosen = -1;
    this.input = /** @type {HTMLTextAreaElement} */ (
      el("textarea", {
        rows: 1, id: "composer", enterkeyhint: isTouch() ? "enter" : "send", "aria-autocomplete": "list", "aria-controls": "choices", autocomplete: "off",
        oninput: () => this.onInput(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.onKey(event), onblur: () => this.close(),
      })
    );
    this.list = el("div.choices", { id: "choices", role: "listbox", "aria-label": tr("keyTab") });
    this.list.hidden = true;
    this.error = el("p.form-error", { role: "alert" });
    this.errorSign = "";
    this.notice = el("p.join-bar");
    this.emoji = button(".icon", tr("emoji"), () => openEmoji(this.emoji, (emoji) => this.insert(emoji)), "🙂");
    this.submit = el("button.primary", { type: "submit", "aria-label": tr("send"), title: tr("send") }, el("span", {}, tr("send")), el("span.arrow", { "aria-hidden": "true" }, "➤"));
    this.form = el(
      "form.composer",
      { onsubmit: (/** @type {Event} */ event) => this.onSubmit(event), onclick: (/** @type {Event} */ event) => event.target === this.form && this.input.focus() },
      this.input, this.emoji, this.submit,
    );
    this.typing = el("p.typing");
    this.answering = el("p.answering");
    this.element = el("div.writing", {}, this.notice, this.error, this.list, this.typing, this.answering, this.form);
  }

  /**
   * Shows the draft of the room.
   * @param {import("../room.js").Room} room
   */
  open(room) {
    const label = tr("messageTo", { room: room.name });
    this.input.placeholder = label;
    this.input.setAttribute("aria-label", label);
    this.input.value = room.draft;
    this.error.replaceChildren();
    this.at = this.sent.length;
    this.close();
    this.grow();
  }

  /** Puts the cursor here, but not on phones: there it would bring up the keyboard. */
  focus() {
    if (!isTouch()) this.input.focus();
  }

  /** What has to change for an error to be one no more. */
  get circumstances() {
    const { current, registered } = this.state;
    return [registered, current.joined, current.here].join();
  }

  render() {
    const room = this.state.current;
    const isOut = this.state.registered && !room.joined;
    const names = typingIn(this.state, room);
    const typing = names.length ? tr("typing", { names: listNames(names), count: names.length }) : "";
    if (this.typing.textContent !== typing) this.typing.textContent = typing;
    this.showAnswering(room);
    this.notice.hidden = !isOut;
    if (this.circumstances !== this.errorSign) this.error.replaceChildren();
    if (isOut && this.notice.dataset.room !== room.name) {
      this.notice.replaceChildren(tr("notInRoom", { room: room.name }), " ", button(".link", tr("join"), this.acts.join));
    }
    this.notice.dataset.room = isOut ? room.name : "";
  }

  /**
   * Tells which message the draft answers.
   * @param {import("../room.js").Room} room
   */
  showAnswering(room) {
    const { answering, editing } = room;
    const sign = answering || editing ? [room.name, answering?.serial, editing?.serial].join(" ") : "";
    if (this.answering.dataset.sign === sign) return;
    this.answering.dataset.sign = sign;
    const label = editing ? tr("editing") : answering ? tr("answering", { nick: answering.nick, text: answering.text.replace(/\s+/g, " ") }) : "";
    this.answering.replaceChildren(...(label ? [el("span", { dir: "auto" }, label), button(".icon", tr("cancel"), () => this.answerNothing(), "✕")] : []));
    this.acts.onSize();
  }

  /**
   * Brings back a message of ours, to be said anew.
   * @param {import("../entries.js").Entry} entry
   */
  edit(entry) {
    this.answerNothing();
    this.state.current.editing = entry;
    this.put(entry.text.startsWith("/") ? `/${entry.text}` : entry.text); // what one slash begins is a command
    this.showAnswering(this.state.current);
  }

  /** What is written is a message of its own again; what was brought back to be edited goes. */
  answerNothing() {
    if (this.state.current.editing) this.put("");
    this.state.current.answering = this.state.current.editing = null;
    this.showAnswering(this.state.current);
    this.input.focus();
  }

  /** Makes the field as high as its text. A letter more that fits into it costs no layout of the page. */
  grow() {
    const { input } = this;
    const isLonger = input.value.length >= this.length;
    this.length = input.value.length;
    if (isLonger && input.style.height && input.scrollHeight <= input.clientHeight) return;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
    this.acts.onSize();
  }

  onInput() {
    this.state.current.draft = isSecretLine(this.input.value) ? "" : this.input.value;
    this.acts.onDraft();
    if (this.settings.typing) tellTyping(this.state, this.state.current, Boolean(this.input.value) && !this.input.value.startsWith("/"));
    this.error.replaceChildren();
    this.grow();
    this.choose(false);
  }

  /** @param {Event} [event] */
  onSubmit(event) {
    event?.preventDefault();
    const typed = this.input.value.trimEnd();
    const line = isSecretLine(typed) ? typed.trim() : typed; // a blank before it does not say it aloud
    if (!line) return;
    this.put(""); // before it is carried out: that may lead to another room, with a draft of its own
    const error = this.acts.send(line.startsWith("/") && !line.startsWith("//") ? line : withEmoji(line));
    if (error) {
      this.put(line);
      this.error.replaceChildren(error);
      this.errorSign = this.circumstances;
      return;
    }
    if (!isSecretLine(line) && this.sent.at(-1) !== line) this.sent = [...this.sent, line].slice(-SENT_KEPT);
    this.at = this.sent.length;
    this.input.focus();
  }

  /** @param {string} text */
  put(text) {
    this.input.value = text;
    this.onInput();
    this.close();
  }

  /**
   * Writes something at the cursor.
   * @param {string} text
   */
  insert(text) {
    const { selectionStart, selectionEnd } = this.input;
    this.input.setRangeText(text, selectionStart, selectionEnd, "end");
    this.onInput();
    this.input.focus();
  }

  // ---- keys ----

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.isComposing) return;
    const handled = this.onChoiceKey(event) || this.onOwnKey(event);
    if (handled) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  onChoiceKey(event) {
    if (this.list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.chosen + step + this.choices.length) % this.choices.length);
    else if (event.key === "Tab" && !event.shiftKey) this.take(Math.max(this.chosen, 0));
    else if (event.key === "Enter" && this.chosen >= 0) this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  onOwnKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !isTouch()) {
      this.onSubmit();
      return true;
    }
    if (event.key === "Tab" && !event.shiftKey) return this.onTab();
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (event.key === "Escape" && (this.state.current.answering || this.state.current.editing)) {
      this.answerNothing();
      return true;
    }
    if (isPlain && (event.key === "ArrowUp" || event.key === "ArrowDown")) return this.recall(event.key === "ArrowUp" ? -1 : 1);
    return false;
  }

  /** Completes the word; with nothing to complete, Tab goes to the next field as everywhere. */
  onTab() {
    if (!wordAt(this.before()).word) return false;
    this.choose(true);
    if (!this.choices.length) return false;
    if (this.choices.length === 1) this.take(0);
    else this.mark(0);
    return true;
  }

  /**
   * Brings back what was sent before.
   * @param {number} step
   */
  recall(step) {
    const isRecalled = this.at < this.sent.length && this.input.value === this.sent[this.at];
    if ((this.input.value && !isRecalled) || this.at + step < 0 || this.at + step > this.sent.length) return false;
    this.at += step;
    this.put(this.sent[this.at] ?? "");
    return true;
  }

  // ---- completing ----

  before() {
    return this.input.value.slice(0, this.input.selectionStart);
  }

  /** @param {boolean} asked */
  choose(asked) {
    this.choices = choicesFor(this.state, this.state.current, this.before(), asked);
    this.chosen = -1;
    this.list.hidden = !this.choices.length;
    this.list.replaceChildren(
      ...this.choices.map((choice, i) =>
        el(
          "div.choice",
          { role: "option", id: `choice-${i}`, "aria-selected": "false", onpointerdown: (/** @type {Event} */ event) => { event.preventDefault(); this.take(i); } },
          el("bdi", {}, choice.label), choice.about && el("small", {}, choice.about),
        ),
      ),
    );
    this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  mark(index) {
    this.chosen = index;
    [...this.list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === index)));
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `choice-${index}`);
  }

  /** @param {number} index */
  take(index) {
    const before = this.before();
    const text = before.slice(0, wordAt(before).start) + this.choices[index].insert;
    this.input.setRangeText(text, 0, before.length, "end");
    this.onInput();
    this.close();
  }

  close() {
    this.choices = [];
    this.chosen = -1;
    this.list.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
  }
}

/** Whether this is a phone or the like: there Enter breaks the line, and the button sends. */
function isTouch() {
  return matchMedia("(pointer: coarse)").matches;
}
