// IRC lines as the page reads and writes them: the same vectors as for the server's own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { byteLength, fold, nickOf, parseLine, renderLine } from "./static/irc.js";

const vectors = JSON.parse(readFileSync(new URL("./irc_vectors.json", import.meta.url), "utf8"));

for (const { line, ...expected } of vectors.lines) {
  test(`reads ${JSON.stringify(line)}`, () => {
    const message = parseLine(line);
    assert.deepEqual({ ...message, tags: { ...message.tags } }, expected);
  });
}

for (const line of vectors.no_lines) {
  test(`finds no command in ${JSON.stringify(line)}`, () => assert.equal(parseLine(line), null));
}

for (const { line, command, params, tags } of vectors.rendered) {
  test(`writes ${JSON.stringify(line)}`, () => assert.equal(renderLine(command, params, tags), line));
}

for (const [name, folded] of vectors.folds) {
  test(`folds ${name}`, () => assert.equal(fold(name), folded));
}

test("what a user typed never begins a second line", () => {
  assert.equal(renderLine("NICK", ["a\r\nQUIT"]), "NICK :a QUIT");
  assert.equal(renderLine("KICK", ["#a b", ":x", "why so"]), "KICK #a x :why so");
});

test("a source has a name before ! and @", () => {
  assert.equal(nickOf("bob!u@h"), "bob");
  assert.equal(nickOf("irc.example"), "irc.example");
});

test("bytes are those of UTF-8", () => assert.equal(byteLength("ł😀"), 6));
