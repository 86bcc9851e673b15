/**
 * Where one writes: the field, what it can be completed to, emoji, and what the connection does.
 */

import { choicesFor, wordAt } from "../completion.js";
import { EMOJI, findEmoji, withEmoji } from "../emoji.js";
import { isSecretLine } from "../slash.js";
import { tr } from "../strings.js";
import { button, el } from "./dom.js";
import { openDialog, placeBeside } from "./dialogs.js";

const SENT_KEPT = 50;
const EMOJI_SHOWN = 400;

export class ComposerView {
  /**
   * @param {import("../state.js").ChatState} state
   * @param {{send: (line: string) => string, onDraft: () => void, join: () => void, onSize: () => void}} acts `send` returns
   *   what is wrong, or ""
   */
  constructor(state, acts) {
    this.state = state;
    this.acts = acts;
    /** @type {string[]} */
    this.sent = [];
    this.at = 0;
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
    this.emoji = button(".icon", tr("emoji"), () => this.openEmoji(), "🙂");
    this.submit = el("button.primary", { type: "submit", "aria-label": tr("send"), title: tr("send") }, el("span", {}, tr("send")), el("span.arrow", { "aria-hidden": "true" }, "➤"));
    this.form = el(
      "form.composer",
      { onsubmit: (/** @type {Event} */ event) => this.onSubmit(event), onclick: (/** @type {Event} */ event) => event.target === this.form && this.input.focus() },
      this.input, this.emoji, this.submit,
    );
    this.element = el("div.writing", {}, this.notice, this.error, this.list, this.form);
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

  /** What has to change for an error to be one no more. */
  get circumstances() {
    const { current, registered } = this.state;
    return [registered, current.joined, current.here].join();
  }

  render() {
    const room = this.state.current;
    const isOut = this.state.registered && !room.joined;
    this.notice.hidden = !isOut;
    if (this.circumstances !== this.errorSign) this.error.replaceChildren();
    if (isOut && this.notice.dataset.room !== room.name) {
      this.notice.replaceChildren(tr("notInRoom", { room: room.name }), " ", button(".link", tr("join"), this.acts.join));
    }
    this.notice.dataset.room = isOut ? room.name : "";
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.acts.onSize();
  }

  onInput() {
    this.state.current.draft = isSecretLine(this.input.value) ? "" : this.input.value;
    this.acts.onDraft();
    this.error.replaceChildren();
    this.grow();
    this.choose(false);
  }

  /** @param {Event} [event] */
  onSubmit(event) {
    event?.preventDefault();
    const line = this.input.value.trimEnd();
    if (!line.trim()) return;
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
    event.stopPropagation();
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

  // ---- emoji ----

  openEmoji() {
    const grid = el("div.emoji-grid");
    const take = (/** @type {string} */ emoji) => {
      dialog.close();
      this.insert(emoji);
    };
    const show = (/** @type {string} */ part) => {
      const names = [...new Map(findEmoji(part, EMOJI_SHOWN).map((name) => [EMOJI.get(name) ?? "", name]))];
      grid.replaceChildren(...names.map(([emoji, name]) => button(".emoji", `:${name}:`, () => take(emoji), emoji)));
    };
    const find = /** @type {HTMLInputElement} */ (
      el("input", { type: "search", placeholder: tr("searchEmoji"), "aria-label": tr("searchEmoji"), oninput: () => show(find.value.trim()) })
    );
    find.addEventListener("keydown", (event) => {
      const first = grid.querySelector("button");
      if (event.key === "Enter" && first) first.click();
    });
    show("");
    const dialog = openDialog(".menu.emojis", tr("emoji"), find, grid);
    placeBeside(dialog, this.emoji);
    find.focus();
  }
}

/** Whether Enter breaks the line, as it does on phones: there the button sends. */
function isTouch() {
  return matchMedia("(pointer: coarse)").matches;
}
