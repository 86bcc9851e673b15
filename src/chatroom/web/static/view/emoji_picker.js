/**
 * All emoji, to choose one of them.
 */

import { EMOJI, findEmoji } from "../emoji.js";
import { tr } from "../strings.js";
import { openDialog, placeBeside } from "./dialogs.js";
import { button, el } from "./dom.js";

const EMOJI_SHOWN = 400;

/**
 * @param {HTMLElement} anchor
 * @param {(emoji: string) => void} onTake
 */
export function openEmoji(anchor, onTake) {
  const grid = el("div.emoji-grid");
  const take = (/** @type {string} */ emoji) => {
    dialog.close();
    onTake(emoji);
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
  placeBeside(dialog, anchor);
  find.focus();
}
