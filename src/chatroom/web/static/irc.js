/**
 * IRC lines, parsed and rendered: `[@tags ][:source ]COMMAND[ params][ :last param]`.
 *
 * Nothing here knows what a command means, and there is no document here.
 * The laws are those of `common/irc_message.py`; both are tested with the same vectors.
 */

/**
 * A parsed line. `source` is "" where there is none; `command` is upper case; a tag without a value has "".
 * @typedef {{command: string, params: string[], source: string, tags: Record<string, string>}} Message
 */

/** @type {Record<string, string>} */
const TAG_ESCAPES = { ";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n" };
/** @type {Record<string, string>} */
const TAG_UNESCAPES = { ":": ";", s: " ", "\\": "\\", r: "\r", n: "\n" };
const encoder = new TextEncoder();

/**
 * Parses a line; null if there is no command in it.
 * @param {string} line
 * @returns {Message | null}
 */
export function parseLine(line) {
  /** @type {Record<string, string>} */
  let tags = {};
  let source = "";
  let rest = line.replace(/^ +/, "");
  if (rest[0] === "@") {
    const [first, others] = cutAt(rest.slice(1), " ");
    tags = parseTags(first);
    rest = others.replace(/^ +/, "");
  }
  if (rest[0] === ":") {
    const [first, others] = cutAt(rest.slice(1), " ");
    source = first;
    rest = others.replace(/^ +/, "");
  }
  const colon = rest.indexOf(" :");
  const words = (colon < 0 ? rest : rest.slice(0, colon)).split(" ").filter(Boolean);
  if (!words.length) return null;
  const params = words.slice(1);
  if (colon >= 0) params.push(rest.slice(colon + 2));
  return { command: words[0].toUpperCase(), params, source, tags };
}

/**
 * Parses `a=b;+c`; the last of equal keys counts.
 * @param {string} text
 */
export function parseTags(text) {
  /** @type {Record<string, string>} */
  const tags = Object.create(null);
  for (const item of text.split(";")) {
    const [key, value] = cutAt(item, "=");
    if (key) tags[key] = value.replace(/\\(.?)/gs, (_, c) => TAG_UNESCAPES[c] ?? c);
  }
  return tags;
}

/**
 * Renders tags without the @ before them.
 * @param {Record<string, string>} tags
 */
export function renderTags(tags) {
  const escaped = (/** @type {string} */ value) => value.replace(/[; \\\r\n]/g, (c) => TAG_ESCAPES[c]);
  return Object.entries(tags).map(([key, value]) => (value ? `${key}=${escaped(value)}` : key)).join(";");
}

/**
 * Renders a line. What could end it early is taken out; only the last parameter may have spaces.
 * @param {string} command
 * @param {string[]} params
 * @param {Record<string, string>} [tags]
 */
export function renderLine(command, params, tags = {}) {
  const clean = params.map((param) => param.replace(/[\r\n\0]+/g, " "));
  const words = Object.keys(tags).length ? [`@${renderTags(tags)}`, command] : [command];
  const last = clean.pop();
  words.push(...clean.map((word) => word.split(" ")[0].replace(/^:+/, "") || "*"));
  if (last !== undefined) words.push(last === "" || last[0] === ":" || last.includes(" ") ? `:${last}` : last);
  return words.join(" ");
}

/**
 * The nickname, or the server's name, in a source.
 * @param {string} source
 */
export function nickOf(source) {
  return source.split("!")[0].split("@")[0];
}

/**
 * The account that a word stands for; "" for none, which IRC writes as a star.
 * @param {string} [word]
 */
export function accountOf(word = "*") {
  return word === "*" ? "" : word;
}

/**
 * The form in which names are compared: NFC and case folded.
 * @param {string} name
 */
export function fold(name) {
  if (/^[\x00-\x7f]*$/.test(name)) return name.toLowerCase();
  // Letter by letter: toLowerCase looks at what stands around a sigma, and folding does not.
  const folded = Array.from(name.normalize("NFC"), (c) => FOLDS[c] ?? c.toLowerCase());
  return folded.join("").normalize("NFC");
}

/** @type {Record<string, string>} */
const FOLDS = { ß: "ss", ẞ: "ss", ς: "σ", ſ: "s", ŉ: "ʼn" };

/** @param {string} name */
export function isRoomName(name) {
  return name.startsWith("#");
}

/**
 * The name of a room that somebody types, with blanks or without the sign.
 * @param {string} typed
 */
export function roomNamed(typed) {
  const name = typed.trim().replace(/\s+/g, "-");
  return isRoomName(name) ? name : `#${name}`;
}

/**
 * How many bytes a text has in UTF-8.
 * @param {string} text
 */
export function byteLength(text) {
  return encoder.encode(text).length;
}

/**
 * What stands before and after the first `mark`; all and "" where there is none.
 * @param {string} text
 * @param {string} mark
 * @returns {[string, string]}
 */
export function cutAt(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
