// Text: cleaned, cut and read as spans.

import assert from "node:assert/strict";
import { test } from "node:test";
import { byteLength } from "./static/irc.js";
import { cleanText, cutText, hitsOf, messagesOf, namePattern, normalizedText, spansOf } from "./static/text.js";

const kinds = (text, me = null) => spansOf(text, me).map(({ kind, text: said }) => [kind, said]);

test("colours and styles of IRC are dropped, and the text stays", () => {
  assert.equal(cleanText("\x0304,12red\x03 \x02bold\x02 \x1funder\x0f"), "red bold under");
  assert.equal(cleanText("5\x033 apples"), "5 apples");
});

test("nothing that can't be seen is left, but line feeds are", () => {
  assert.equal(cleanText("a\x00b\u202ec\u2066d\ne"), "abcd\ne");
});

test("links end before the punctuation of the sentence", () => {
  assert.deepEqual(kinds("see https://a.example/b_c?d=1, ok"), [["text", "see "], ["link", "https://a.example/b_c?d=1"], ["text", ", ok"]]);
  assert.equal(kinds("HTTPS://A.example")[0][0], "link");
  assert.deepEqual(kinds("(https://a.example/)"), [["text", "("], ["link", "https://a.example/"], ["text", ")"]]);
});

test("a bracket that is opened in a link is closed in it", () => {
  const link = "https://pl.example/wiki/Python_(język)";
  assert.deepEqual(kinds(link), [["link", link]]);
  assert.deepEqual(kinds(`(see ${link}).`), [["text", "(see "], ["link", link], ["text", ")."]]);
  assert.deepEqual(kinds("https://a.example/x[1]]"), [["link", "https://a.example/x[1]"], ["text", "]"]]);
  assert.deepEqual(kinds("https://"), [["text", "https://"]]);
  assert.deepEqual(kinds("https://)!"), [["text", "https://"], ["text", ")!"]]);
});

test("only http and https are links", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "<img src=x onerror=alert(1)>", "vbscript:x"])
    assert.deepEqual(kinds(text), [["text", text]]);
});

test("code, bold and rooms", () => {
  assert.deepEqual(kinds("use `a*b*c` *now* in #dev-2."), [
    ["text", "use "], ["code", "a*b*c"], ["text", " "], ["bold", "now"], ["text", " in "], ["room", "#dev-2"], ["text", "."],
  ]);
  assert.deepEqual(kinds("2*3*4 and * not * bold"), [["text", "2*3*4 and * not * bold"]]);
  assert.deepEqual(kinds("colour #1 a#b"), [["text", "colour #1 a#b"]]);
});

test("a fenced block keeps its lines; the language before it is not shown", () => {
  assert.deepEqual(kinds("look:\n```py\ndef f():\n    *x*\n```\ndone"), [["text", "look:"], ["block", "def f():\n    *x*"], ["text", "done"]]);
  assert.deepEqual(kinds("an open ``` fence"), [["text", "an open "], ["text", "``` fence"]]);
});

test("one's own name is found as a word alone", () => {
  const me = namePattern("Ann-a[1]");
  assert.deepEqual(kinds("hi ann-a[1], x", me), [["text", "hi "], ["me", "ann-a[1]"], ["text", ", x"]]);
  assert.deepEqual(kinds("@Ann-a[1]: yes", me), [["me", "@Ann-a[1]"], ["text", ": yes"]]);
  assert.equal(kinds("Joann-a[1]", me).length, 1);
  for (const nick of ["a", "^", "\\", "a|b", "x{y}", "`", "-_-", "Łukasz"]) assert.ok(namePattern(nick));
});

test("pieces are never longer than they may be, and joined they are the line", () => {
  for (const line of ["word ".repeat(300), "ł".repeat(500), "👨‍👩‍👧‍👦".repeat(40), "", "a  b"]) {
    const pieces = cutText(line, 100);
    assert.equal(pieces.join(""), line);
    for (const piece of pieces) assert.ok(byteLength(piece) <= 100);
  }
  assert.ok(cutText("👨‍👩‍👧‍👦".repeat(40), 100).every((piece) => piece.startsWith("👨")));
});

test("a text becomes messages of at most so many lines and bytes", () => {
  const lines = Array.from({ length: 70 }, (_, i) => `line ${i}`);
  const messages = messagesOf(lines.join("\n"), 32, 4096);
  assert.equal(messages.join("\n"), lines.join("\n"));
  assert.ok(messages.every((message) => message.split("\n").length <= 32));
  const long = messagesOf("ż".repeat(5000), 32, 4096);
  assert.equal(long.join(""), "ż".repeat(5000));
  assert.ok(long.every((message) => byteLength(message) <= 4096));
  assert.deepEqual(messagesOf("\n  \n", 32, 4096), []);
});

test("what is written loses only blanks at the ends", () => {
  assert.equal(normalizedText("\r\n\tif x:  \r\n\r\n        y\n\n"), "    if x:\n\n        y");
});

test("the words of a search are found whatever their case and accents", () => {
  const hits = (text, query) => hitsOf(text, query).map((part) => (part.isHit ? `[${part.text}]` : part.text)).join("");
  assert.equal(hits("To jest Ważna rzecz, ważna!", "wazna"), "To jest [Ważna] rzecz, [ważna]!");
  assert.equal(hits("a 😀 b", '"😀 b"'), "a [😀] [b]");
  assert.equal(hits("nothing", ""), "nothing");
});
