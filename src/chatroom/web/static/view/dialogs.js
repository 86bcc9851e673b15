/**
 * What opens over the page: menus, and forms with a few fields. Esc or a click beside closes them.
 */

import { tr } from "../strings.js";
import { button, el, field, nameOf } from "./dom.js";

const NARROW_PIXELS = 700;
const MARGIN_PIXELS = 8;

/**
 * Opens a dialog that only shows something: under its heading, with a button that closes it.
 * @param {string} classes
 * @param {string} title read aloud
 * @param {Node | string} heading
 * @param {...(Node | string | false)} children
 */
export function openCard(classes, title, heading, ...children) {
  const close = button(".icon", tr("close"), () => dialog.close(), "✕");
  const dialog = openDialog(`.form${classes}`, title, el("div.card-head", {}, el("h2", {}, heading), close), ...children);
}

/**
 * One thing in a menu; null is a line, and what else is nothing is left out.
 * @typedef {{label: string, act: () => void, danger?: boolean} | null | undefined | false | ""} MenuItem
 */

/**
 * Opens a dialog over the page; it is gone when it closes, and the focus is where it was.
 * @param {string} classes
 * @param {string} title
 * @param {...(Node | string | false)} children
 */
export function openDialog(classes, title, ...children) {
  const dialog = /** @type {HTMLDialogElement} */ (el(`dialog${classes}`, { "aria-label": title }, ...children));
  dialog.addEventListener("close", () => {
    dialog.remove();
    const at = /** @type {HTMLElement | null} */ (document.activeElement);
    if (!at?.matches("input, textarea")) return;
    at.blur(); // Chromium gives the focus back without the cursor: what is typed then would go nowhere
    at.focus({ preventScroll: true });
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // a field for searching would only be emptied
    dialog.close();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Puts a dialog beside what it was opened from; on a phone it is at the bottom.
 * @param {HTMLElement} dialog
 * @param {HTMLElement} anchor
 */
export function placeBeside(dialog, anchor) {
  if (innerWidth < NARROW_PIXELS) {
    dialog.classList.add("sheet");
    return;
  }
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = dialog;
  const left = Math.min(Math.max(MARGIN_PIXELS, at.left), innerWidth - width - MARGIN_PIXELS);
  const below = at.bottom + 4;
  const top = below + height > innerHeight - MARGIN_PIXELS ? Math.max(MARGIN_PIXELS, at.top - height - 4) : below;
  dialog.style.left = `${left}px`;
  dialog.style.top = `${top}px`;
  dialog.style.margin = "0";
}

/**
 * Opens a menu; Up and Down move in it.
 * @param {HTMLElement} anchor
 * @param {string} title
 * @param {MenuItem[]} items
 * @param {() => void} [onTaken] is called first, whichever is chosen
 */
export function openMenu(anchor, title, items, onTaken = () => {}) {
  const rows = items.map((item) => {
    if (!item) return item === null && el("hr");
    const act = () => {
      dialog.close();
      onTaken();
      item.act();
    };
    return button(`.item${item.danger ? ".danger" : ""}`, item.label, act);
  });
  const dialog = openDialog(".menu", title, el("h2", {}, nameOf(title)), ...rows);
  placeBeside(dialog, anchor);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...dialog.querySelectorAll("button")];
    const at = buttons.findIndex((each) => each === document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  });
}

/**
 * A field of a form: its name, its label, and properties of the input; `options` make it a list to choose from.
 * @typedef {{name: string, label: string, props?: import("./dom.js").Props, options?: [string, string][], hint?: string}} FieldSpec
 */

/**
 * Opens a form. `submit` gets what was filled in, by name, and returns a sentence if something is wrong.
 * The form stays open where it returns false, too: then `close` of the result ends it, and `tell` says something.
 * @param {string} title
 * @param {FieldSpec[]} specs
 * @param {string} action
 * @param {(values: Record<string, string>) => string | false | void} submit
 * @param {string} [help]
 */
export function openForm(title, specs, action, submit, help = "") {
  const error = el("p.form-error", { role: "alert" });
  const rows = specs.map((spec) => (spec.options ? choice(spec) : field(spec.label, { name: spec.name, autocomplete: "off", ...spec.props }, spec.hint).row));
  const form = /** @type {HTMLFormElement} */ (
    el(
      "form",
      { method: "dialog" },
      el("h2", {}, title),
      help && el("p.hint", {}, help),
      ...rows,
      error,
      el("div.buttons", {}, button(".plain", tr("cancel"), () => dialog.close()), el("button.primary", { type: "submit" }, action)),
    )
  );
  const dialog = openDialog(".form", title, form);
  /** @type {HTMLElement | null} */ (form.querySelector("input:not([readonly]), select"))?.focus();
  const tell = (/** @type {string} */ text) => error.replaceChildren(text);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    /** @type {Record<string, string>} */
    const values = {};
    new FormData(form).forEach((value, name) => (values[name] = String(value)));
    const wrong = submit(values);
    if (wrong) tell(wrong);
    else if (wrong !== false) dialog.close();
  });
  return { dialog, tell, close: () => dialog.close() };
}

/** @param {FieldSpec} spec */
function choice(spec) {
  const options = (spec.options ?? []).map(([value, label]) => el("option", { value }, label));
  return el("label.field", {}, el("span", {}, spec.label), el("select", { name: spec.name }, ...options));
}
