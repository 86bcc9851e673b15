/**
 * What is done to the text of messages: cleaned, cut into lines that fit, and read as spans to show. No document.
 */

import { byteLength } from "./irc.js";

/** What other clients and the wire may need before and behind the text of a line, in bytes. */
const LINE_FRAME_BYTES = 150;
const LINE_BYTES = 512;

/** IRC's colours and styles: ircdocs "formatting". A colour may have numbers behind it. */
const IRC_STYLES = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?|[\x02\x0f\x11\x16\x1d-\x1f]/g;
/** Control characters, and those that turn the direction of everything behind them. */
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text without colours, styles and control characters. Line feeds stay.
 * @param {string} text
 */
export function cleanText(text) {
  return text.replace(IRC_STYLES, "").replace(UNSEEN, "");
}

/**
 * A name or another short word, without anything that can't be seen.
 * @param {string} text
 */
export function cleanWord(text) {
  return cleanText(text).replace(/[\n\t]/g, " ");
}

/**
 * What somebody wrote as it is sent: without trailing blanks, and without empty lines around it.
 * @param {string} text
 */
export function normalizedText(text) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n");
  return lines.map((line) => cleanText(line).trimEnd()).join("\n").replace(/^\n+|\n+$/g, "");
}

/**
 * Cuts a text into messages that the server takes: at most `maxLines` lines and `maxBytes` bytes each.
 * @param {string} text
 * @param {number} maxLines
 * @param {number} maxBytes
 * @returns {string[]}
 */
export function messagesOf(text, maxLines, maxBytes) {
  /** @type {string[]} */
  const messages = [];
  /** @type {string[]} */
  let open = [];
  let rows = 0;
  let size = 0;
  const close = () => {
    if (open.join("").trim()) messages.push(open.join("\n").replace(/^\n+|\n+$/g, ""));
    open = [];
    rows = size = 0;
  };
  for (const line of text.split("\n")) {
    for (const piece of cutText(line, maxBytes)) {
      const needed = cutText(piece, lineBytes("")).length;
      if (open.length && (rows + needed > maxLines || size + byteLength(piece) + 1 > maxBytes)) close();
      open.push(piece);
      rows += needed;
      size += byteLength(piece) + 1;
    }
  }
  close();
  return messages;
}

/**
 * How many bytes of text one line to `target` may have.
 * @param {string} target
 */
export function lineBytes(target) {
  return LINE_BYTES - LINE_FRAME_BYTES - Math.max(byteLength(target), 64);
}

/**
 * Cuts a line into pieces of at most `size` bytes, behind spaces where there are some. Joined they are the line.
 * @param {string} line
 * @param {number} size
 */
export function cutText(line, size) {
  /** @type {string[]} */
  const pieces = [];
  let piece = "";
  let used = 0;
  for (const word of line.match(/\S+ *| +/g) ?? [line]) {
    const bytes = byteLength(word);
    if (used + bytes > size && piece) {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    if (bytes <= size) {
      piece += word;
      used += bytes;
      continue;
    }
    for (const grapheme of graphemes(word)) {
      const more = byteLength(grapheme);
      if (used + more > size && piece) {
        pieces.push(piece);
        piece = "";
        used = 0;
      }
      piece += grapheme;
      used += more;
    }
  }
  pieces.push(piece);
  return pieces;
}

/**
 * The text in what a reader takes for characters.
 * @param {string} text
 */
function graphemes(text) {
  return Array.from(new Intl.Segmenter().segment(text), (each) => each.segment);
}

/**
 * A part of a message. `kind` is text, bold, code, block, link, room or me (somebody says the reader's name).
 * @typedef {{kind: "text"|"bold"|"code"|"block"|"link"|"room"|"me", text: string}} Span
 */

/** What ends the sentence around a link, not the link. */
const LINK_END = /[.,;:!?'*_`)\]}]$/;
/** @type {Record<string, string>} */
const OPENING = { ")": "(", "]": "[", "}": "{" };
const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    '(https?://[^\\s<>"]+)',
    "(?<![\\p{L}\\p{N}*])\\*(?=\\S)([^*\\n]*[^*\\s])\\*(?![\\p{L}\\p{N}*])",
    "(?<![^\\s(])(#[\\p{L}\\p{N}][\\p{L}\\p{N}_.\\-]{0,47}[\\p{L}\\p{N}]|#[\\p{L}])(?![\\p{L}\\p{N}])",
  ].join("|"),
  "giu",
);

/**
 * Reads a text as spans: ``` blocks, `code`, *bold*, links, #rooms, and the reader's name.
 * @param {string} text
 * @param {RegExp | null} me what matches the reader's name
 * @returns {Span[]}
 */
export function spansOf(text, me = null) {
  /** @type {Span[]} */
  const spans = [];
  const parts = text.split("```");
  parts.forEach((part, index) => {
    if (index % 2 === 1 && index < parts.length - 1) {
      const block = part.replace(/^[a-z0-9+#-]{0,20}\n/i, "").replace(/^\n|\n$/g, "");
      if (block.trim()) spans.push({ kind: "block", text: block });
      return;
    }
    let shown = index % 2 === 1 ? `\`\`\`${part}` : part; // a fence that is never closed is text
    if (index > 1 && index % 2 === 0) shown = shown.replace(/^ *\n/, "");
    if (index < parts.length - 2 && index % 2 === 0) shown = shown.replace(/\n *$/, "");
    if (shown) inlineSpans(shown, me, spans);
  });
  return spans;
}

/**
 * @param {string} text
 * @param {RegExp | null} me
 * @param {Span[]} spans
 */
function inlineSpans(text, me, spans) {
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nameSpans(text.slice(end, match.index), me, spans);
    const [all, code, whole, bold, room] = match;
    const link = whole && linkOf(whole);
    if (code !== undefined) spans.push({ kind: "code", text: code });
    else if (link !== undefined) spans.push({ kind: "://" === link.slice(-3) ? "text" : "link", text: link });
    else if (bold !== undefined) spans.push({ kind: "bold", text: bold });
    else spans.push({ kind: "room", text: room });
    end = (match.index ?? 0) + (link ?? all).length;
  }
  nameSpans(text.slice(end), me, spans);
}

/**
 * A link without what belongs to the sentence around it. A bracket that is opened in the link is closed in it.
 * @param {string} text
 */
function linkOf(text) {
  let end = text.length;
  /** @type {Record<string, number>} */
  const count = {};
  for (const sign of text) count[sign] = (count[sign] ?? 0) + 1;
  while (end && LINK_END.test(text[end - 1])) {
    const sign = text[end - 1];
    const opening = OPENING[sign];
    if (opening && (count[opening] ?? 0) >= count[sign]) break;
    if (text.slice(end - 3, end) === "://") break;
    count[sign]--;
    end--;
  }
  return text.slice(0, end);
}

/**
 * @param {string} text
 * @param {RegExp | null} me
 * @param {Span[]} spans
 */
function nameSpans(text, me, spans) {
  let end = 0;
  if (me) {
    for (const match of text.matchAll(me)) {
      if ((match.index ?? 0) > end) spans.push({ kind: "text", text: text.slice(end, match.index) });
      spans.push({ kind: "me", text: match[0] });
      end = (match.index ?? 0) + match[0].length;
    }
  }
  if (end < text.length) spans.push({ kind: "text", text: text.slice(end) });
}

/**
 * What matches a name as a word of its own, with an @ before it or without.
 * @param {string} nick
 */
export function namePattern(nick) {
  const escaped = nick.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_])@?${escaped.replace(/\\-/g, "\\x2d")}(?![\\p{L}\\p{N}_])`, "giu");
}

/**
 * Cuts a text where the words of a search begin and end, whatever their case and accents.
 * @param {string} text
 * @param {string} query
 * @returns {{text: string, isHit: boolean}[]}
 */
export function hitsOf(text, query) {
  const letters = Array.from(text);
  const plain = letters.map(plainLetter);
  const words = query.split(/[\s"]+/).map((word) => Array.from(word).map(plainLetter)).filter((word) => word.length);
  /** @type {{text: string, isHit: boolean}[]} */
  const parts = [];
  for (let i = 0; i < letters.length; ) {
    const length = Math.max(0, ...words.filter((word) => word.every((letter, k) => plain[i + k] === letter)).map((word) => word.length));
    const piece = letters.slice(i, i + (length || 1)).join("");
    const last = parts.at(-1);
    if (last && !last.isHit && !length) last.text += piece;
    else parts.push({ text: piece, isHit: length > 0 });
    i += length || 1;
  }
  return parts;
}

/** @param {string} letter */
function plainLetter(letter) {
  return letter.normalize("NFD")[0].toLowerCase();
}
