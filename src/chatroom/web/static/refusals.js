/**
 * Why something was refused, in sentences of our own: by the numeric, and by what makes clear which of its meanings it has.
 */

import { cleanText, cleanWord } from "./text.js";
import { tr } from "./strings.js";

/** Numerics with one meaning for each mode: it is their third parameter. */
const BY_MODE = new Set(["696"]);

/**
 * The reason that a FAIL gives for the numeric behind it: its code, and what is wrong with a name.
 * @param {import("./irc.js").Message} message
 */
export function reasonOf(message) {
  const [, code = "", , detail = ""] = message.params;
  return code === "NICKNAME_BAD" ? `${code}_${detail}` : code;
}

/**
 * The sentence for a refusal; the server's own words for one that is not in the table.
 *
 * A numeric that several rules lead to names the room's mode in brackets: "(+k)". What follows a semicolon is for people:
 * until when, why, and who can help.
 * @param {import("./irc.js").Message} message
 * @param {string} [reason] the code of the FAIL before it
 */
export function refusalText(message, reason = "") {
  const { command } = message;
  const [, a = "", b = "", c = ""] = message.params.slice(0, -1).map(cleanWord);
  const text = cleanText(message.params.at(-1) ?? "");
  const mode = BY_MODE.has(command) ? b : (/\(\+(\w)\)/.exec(text)?.[1] ?? "");
  const rest = text.includes("; ") ? text.slice(text.indexOf("; ") + 2) : text;
  const places = { a, b, c, text, rest, nick: a };
  for (const kind of [reason, mode]) {
    const special = kind && (tr(`numeric_${command}_${kind}`, places) || (command === "432" && tr(`refused_bad_${kind}`, places)));
    if (special) return special;
  }
  const about = message.params.slice(1, -1).join(" ");
  return tr(`numeric_${command}`, places) || (about ? `${cleanWord(about)}: ${text}` : text);
}
