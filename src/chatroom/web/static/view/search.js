/**
 * The search: words, here or everywhere, and what was found with a way to it.
 */

import { renderTags } from "../irc.js";
import { hitsOf, spansOf } from "../text.js";
import { moment, tr } from "../strings.js";
import { button, colourIn, el, nameOf } from "./dom.js";

const FOUND_MAX = 50;

export class SearchView {
  /**
   * @param {import("../state.js").ChatState} state
   * @param {{show: (room: string, id: string) => void, onClose: () => void}} acts
   */
  constructor(state, acts) {
    this.state = state;
    this.acts = acts;
    this.input = /** @type {HTMLInputElement} */ (el("input", { type: "search", name: "words", "aria-label": tr("searchWords"), placeholder: tr("searchWords"), enterkeyhint: "search" }));
    this.scope = /** @type {HTMLSelectElement} */ (el("select", { "aria-label": tr("whereToSearch"), onchange: () => this.search() }));
    this.status = el("p.hint", { role: "status" });
    this.results = el("div.results");
    this.element = el(
      "aside.search",
      { "aria-label": tr("search") },
      el("div.card-head", {}, el("h2", {}, tr("search")), button(".icon", tr("close"), acts.onClose, "✕")),
      el("form", { role: "search", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.search(); } }, this.input, this.scope),
      button(".link", tr("mentionsOfMe"), () => this.mentions()),
      this.status, this.results,
    );
    this.element.hidden = true;
  }

  /** @param {string} [words] */
  open(words = "") {
    const { name } = this.state.current;
    this.element.hidden = false;
    this.scope.replaceChildren(el("option", { value: name }, tr("onlyHere", { room: name })), el("option", { value: "" }, tr("everywhere")));
    if (words) this.input.value = words;
    this.input.focus();
    this.input.select();
    if (words) this.search();
  }

  mentions() {
    this.scope.value = "";
    this.input.value = this.state.nick;
    this.search();
  }

  search() {
    const text = this.input.value.trim();
    this.results.replaceChildren();
    if (!text) return;
    if (!this.state.caps.has("soju.im/search")) {
      this.status.replaceChildren(tr("noSearch"));
      return;
    }
    this.status.replaceChildren(tr("searching"));
    /** @type {Record<string, string>} */
    const query = { text, limit: String(FOUND_MAX) };
    if (this.scope.value) query.in = this.scope.value;
    this.state.send("SEARCH", renderTags(query));
  }

  /** @param {{room: string, entry: import("../entries.js").Entry}[]} found */
  show(found) {
    this.status.replaceChildren(found.length ? tr("found", { count: found.length }) : tr("foundNothing"));
    const rows = [...found].reverse().map(({ room, entry }) =>
      el(
        "button.result",
        { type: "button", "data-id": entry.id, onclick: () => this.acts.show(room, entry.id) },
        el("span.where", {}, nameOf(room), el("time", {}, moment(entry.time))),
        nameOf(entry.nick, `.nick.c${colourIn(this.state.find(room) ?? this.state.current, entry.nick)}`),
        el("span.text", { dir: "auto" }, ...this.bodyOf(entry.text)),
      ),
    );
    this.results.replaceChildren(...rows);
  }

  /**
   * The text as it is shown in the room, without its links, and with the words marked that were searched for.
   * @param {string} text
   */
  bodyOf(text) {
    return spansOf(text).map((span) => {
      const parts = hitsOf(span.text, this.input.value).map((part) => (part.isHit ? el("mark", {}, part.text) : part.text));
      const tag = { bold: "strong", code: "code", block: "code" }[/** @type {string} */ (span.kind)] ?? "span";
      return el(tag, {}, ...parts);
    });
  }
}
