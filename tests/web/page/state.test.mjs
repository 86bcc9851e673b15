// The page without a document: a session that is fed lines as a server sends them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT_MESSAGES } from "./static/room.js";
import { ChatState } from "./static/state.js";
import { Session } from "./static/session.js";
import { fetchLatest, fetchOlder } from "./static/history.js";
import { flushRoom } from "./static/outbox.js";
import { spansOf } from "./static/text.js";
import { Misuse, runLine } from "./static/slash.js";
import { tellTyping, toggleReaction, typingIn } from "./static/reactions.js";
import { timeSpan } from "./static/phrases.js";
import { setLanguage } from "./static/strings.js";
import { choicesFor } from "./static/completion.js";
import { findEmoji, withEmoji } from "./static/emoji.js";
import { loadSettings, saveSettings } from "./static/settings.js";

const CAPS = "batch draft/chathistory draft/multiline draft/read-marker echo-message labeled-response message-tags server-time soju.im/search";
const TIME = Date.parse("2026-11-29T09:00:00.000Z");
const at = (seconds) => new Date(TIME + seconds * 1000).toISOString();

class Talk {
  constructor(nick = "nora", rooms = ["#lobby"]) {
    this.state = new ChatState(nick, rooms, () => TIME);
    this.session = new Session(this.state);
    this.sent = [];
  }

  connect(visitor = {}) {
    this.sent = [];
    this.session.connected((line) => this.sent.push(line), { nick: this.state.nick, password: "", serverPassword: "", ...visitor });
    this.feed(`:s CAP * LS :${CAPS} sasl=PLAIN`, `:s CAP * ACK :${CAPS}`);
    return this;
  }

  welcome(account = "") {
    if (account) this.feed(`:s 900 ${this.state.nick} nora!u@h ${account} :You are now logged in`);
    this.feed(`:s 001 ${this.state.nick} :Welcome`, ":s 005 nora CHATHISTORY=100 PREFIX=(ov)@+ CHANMODES=beI,k,lW,Cimnst :are supported", ":s 422 nora :No MOTD");
    return this;
  }

  join(room = "#lobby", names = "nora bob") {
    this.feed(`:nora!u@h JOIN ${room}`, `:s 353 nora = ${room} :${names}`, `:s 366 nora ${room} :End`);
    return this;
  }

  history(room, ...lines) {
    this.feed(`:s BATCH +h chathistory ${room}`, ...lines.map((line) => line.replace("@", "@batch=h;")), ":s BATCH -h");
    return this;
  }

  enter() {
    return this.connect().welcome().join().history("#lobby");
  }

  feed(...lines) {
    for (const line of lines) this.session.feed(line);
  }

  /** The lines that were sent since the last look. */
  take(start = "") {
    return this.sent.splice(0).filter((line) => line.includes(start));
  }

  get room() {
    return this.state.current;
  }

  say(text, room = this.room) {
    this.state.say(room, text);
    flushRoom(this.state, room);
  }

  texts(room = this.room, kind = "message") {
    return room.messages.filter((entry) => entry.kind === kind).map((entry) => entry.text);
  }

  events(type) {
    return this.state.events.splice(0).filter((event) => event.type === type);
  }
}

const said = (id, text, { by = "bob", to = "#lobby", label = "", seconds = id } = {}) =>
  `@time=${at(seconds)};msgid=${id.toString(16)}${label ? `;label=${label}` : ""} :${by}!u@h PRIVMSG ${to} :${text}`;

test("it registers with what the server offers, and goes to its rooms", () => {
  const talk = new Talk("nora", ["#dev", "#lobby"]).connect();
  assert.deepEqual(talk.sent.slice(0, 3), ["CAP LS 302", "NICK nora", "USER web 0 * :nora"]);
  assert.ok(!talk.sent.some((line) => line.includes("sasl")));
  assert.equal(talk.sent.at(-1), "CAP END");
  talk.welcome();
  assert.ok(talk.sent.includes("JOIN #dev,#lobby"));
});

test("passwords are given before the name", () => {
  const talk = new Talk().connect({ password: "secret", serverPassword: "open" });
  assert.deepEqual(talk.sent.slice(0, 4), ["CAP LS 302", "PASS open", "PASS nora:secret", "NICK nora"]);
});

for (const [why, visitor, lines] of [
  ["bad_NICKNAME_BAD_length", {}, [":s FAIL NICK NICKNAME_BAD nora length :bad", ":s 432 * nora :Erroneous nickname"]],
  ["bad_NICKNAME_OF_SERVER", {}, [":s FAIL NICK NICKNAME_OF_SERVER nora :bad", ":s 432 * nora :bad"]],
  ["taken", {}, [":s 433 * nora :in use"]],
  ["claimed", {}, [":s FAIL NICK NICKNAME_RESERVED nora :claimed", ":s 433 * nora :claimed"]],
  ["login", { password: "no" }, [":NickServ!NickServ@s NOTICE * :wrong", ":s FAIL NICK NICKNAME_RESERVED nora :claimed", ":s 433 * nora :claimed"]],
  ["bad", {}, [":s 432 * nora :bad"]],
  ["banned", {}, [":s 465 nora :spam"]],
  ["server-password", {}, [":s 464 * :This server has a password", "ERROR :Closing link: this server has a password"]],
  ["server-password-wrong", { serverPassword: "no" }, [":s 464 * :Password incorrect", "ERROR :Closing link: this server has a password"]],
  ["often", { password: "no" }, [":s FAIL PASS TEMPORARILY_UNAVAILABLE :often", ":s 464 * :often"]],
]) {
  test(`it is told why it was refused: ${why}`, () => {
    const talk = new Talk().connect(visitor);
    talk.feed(...lines);
    assert.equal(talk.events("refused")[0]?.why, why);
  });
}

test("what is said waits for its echo, and then has its place", () => {
  const talk = new Talk().enter();
  talk.say("one");
  talk.say("two");
  assert.deepEqual(talk.take("PRIVMSG"), ["@label=m1 PRIVMSG #lobby :one", "@label=m2 PRIVMSG #lobby :two"]);
  assert.deepEqual(talk.room.pending.map((entry) => entry.delivery), ["sent", "sent"]);
  talk.feed(said(1, "hi"), said(2, "one", { by: "nora", label: "m1" }), said(3, "two", { by: "nora", label: "m2" }));
  assert.deepEqual(talk.texts(), ["hi", "one", "two"]);
  assert.equal(talk.room.pending.length, 0);
});

test("what was written without a connection is sent in order once there is one", () => {
  const talk = new Talk().enter();
  talk.session.lost();
  talk.say("one");
  talk.say("two");
  assert.deepEqual(talk.room.pending.map((entry) => entry.delivery), ["waiting", "waiting"]);
  talk.connect().welcome().join().history("#lobby");
  assert.deepEqual(talk.take("PRIVMSG"), ["@label=m1 PRIVMSG #lobby :one", "@label=m2 PRIVMSG #lobby :two"]);
});

test("a lost answer is looked up in the history: what arrived is not sent again, the rest is, in order", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "hi"));
  talk.say("arrived");
  talk.say("lost");
  talk.session.lost();
  talk.say("later");
  talk.connect().welcome().join();
  const lines = talk.take();
  assert.ok(lines.includes("CHATHISTORY AFTER #lobby msgid=1 100"));
  assert.ok(!lines.some((line) => line.includes("PRIVMSG")));
  talk.history("#lobby", said(2, "arrived", { by: "nora" }), said(3, "from bob"));
  assert.deepEqual(talk.take("PRIVMSG"), ["@label=m3 PRIVMSG #lobby :lost", "@label=m4 PRIVMSG #lobby :later"]);
  talk.feed(said(4, "lost", { by: "nora", label: "m3" }), said(5, "later", { by: "nora", label: "m4" }));
  assert.deepEqual(talk.texts(), ["hi", "arrived", "from bob", "lost", "later"]);
});

test("what is written while the history is on its way waits for it, too", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "x"));
  talk.say("unsure");
  talk.session.lost();
  talk.connect().welcome().join();
  talk.say("later");
  assert.deepEqual(talk.take("PRIVMSG"), []);
  talk.history("#lobby");
  assert.deepEqual(talk.take("PRIVMSG"), ["@label=m2 PRIVMSG #lobby :unsure", "@label=m3 PRIVMSG #lobby :later"]);
});

test("who was reading far back when the connection was lost gets the end of the room", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "x"));
  talk.room.hasNewer = true;
  talk.session.lost();
  talk.connect().welcome().join();
  assert.deepEqual(talk.take("CHATHISTORY"), ["CHATHISTORY LATEST #lobby * 100"]);
});

test("equal texts are told apart by their number", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "x"));
  for (let i = 0; i < 3; i++) talk.say("ha");
  talk.session.lost();
  talk.connect().welcome().join().history("#lobby", said(2, "ha", { by: "nora" }));
  assert.equal(talk.take("PRIVMSG").length, 2);
  assert.deepEqual(talk.texts(), ["x", "ha"]);
});

test("where no history can tell, the user decides", () => {
  const talk = new Talk().enter();
  const bob = talk.state.room("bob");
  talk.say("psst", bob);
  talk.session.lost();
  talk.connect().welcome().join().history("#lobby").history("bob");
  assert.deepEqual(bob.pending.map((entry) => [entry.delivery, entry.why]), [["failed", "unknown"]]);
  talk.state.retry(bob, bob.pending[0]);
  flushRoom(talk.state, bob);
  assert.equal(talk.take("psst").length, 1);
});

/** A conversation of two who are logged in, in which a message got no answer; what the history has of it comes. */
const answered = (...lines) => {
  const talk = new Talk().connect().welcome("nora").join().history("#lobby");
  const bob = talk.state.room("bob");
  talk.feed(said(1, "hi", { to: "nora" }), said(2, "again", { to: "nora" }));
  talk.say("psst", bob);
  talk.session.lost();
  talk.connect().welcome("nora");
  assert.ok(talk.take().includes(`CHATHISTORY AFTER bob timestamp=${new Date(TIME + 1999).toISOString()} 100`));
  talk.history("bob", ...lines);
  return [talk.take("psst").length, ...bob.pending.map((entry) => entry.why)];
};

test("a private message is sent again where the history shows that the conversation is kept", () => {
  assert.deepEqual(answered(said(2, "again", { to: "nora" })), [1, ""]);
});

test("what stands in the history of a conversation has arrived", () => {
  assert.deepEqual(answered(said(2, "again", { to: "nora" }), said(3, "psst", { by: "nora", to: "bob" })), [0]);
});

test("a history without what we knew last tells nothing of a private message", () => {
  assert.deepEqual(answered(), [0, "unknown"]);
  assert.deepEqual(answered(said(4, "hello?", { to: "nora" })), [0, "unknown"]);
});

test("many lines are one message", () => {
  const talk = new Talk().enter();
  talk.take();
  talk.say("a\n\n    b");
  assert.deepEqual(talk.take(), [
    "@label=m1 BATCH +m1 draft/multiline #lobby", "@batch=m1 PRIVMSG #lobby :a", "@batch=m1 PRIVMSG #lobby :",
    "@batch=m1 PRIVMSG #lobby :    b", "BATCH -m1",
  ]);
  talk.feed(`@label=m1;msgid=7;time=${at(1)} :nora!u@h BATCH +7 draft/multiline #lobby`, "@batch=7 :nora!u@h PRIVMSG #lobby :a",
    "@batch=7 :nora!u@h PRIVMSG #lobby :", "@batch=7 :nora!u@h PRIVMSG #lobby :    b", ":nora!u@h BATCH -7");
  assert.deepEqual(talk.texts(), ["a\n\n    b"]);
  assert.equal(talk.room.pending.length, 0);
});

test("a long line is cut on the wire and whole on the page", () => {
  const talk = new Talk().enter();
  talk.take();
  const text = "zażółć ".repeat(100).trim();
  talk.say(text);
  const lines = talk.take("PRIVMSG");
  assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.includes("draft/multiline-concat")));
  assert.ok(lines.every((line) => Buffer.byteLength(line) < 500));
  assert.equal(lines.map((line) => line.split(" :")[1] ?? "").join(""), text);
});

test("a message of many lines inside the history is one", () => {
  const talk = new Talk().connect().welcome().join();
  talk.feed(":s BATCH +h chathistory #lobby", `@batch=h;msgid=1;time=${at(1)} :bob!u@h BATCH +1 draft/multiline #lobby`,
    "@batch=1 :bob!u@h PRIVMSG #lobby :a", "@batch=1;draft/multiline-concat :bob!u@h PRIVMSG #lobby : b",
    "@batch=1 :bob!u@h PRIVMSG #lobby :c", ":bob!u@h BATCH -1", ":s BATCH -h");
  assert.deepEqual(talk.texts(), ["a b\nc"]);
});

test("a refusal marks the message that it is about", () => {
  const talk = new Talk().enter();
  talk.say("loud");
  talk.feed("@label=m1 :s 404 nora #lobby :Cannot send to channel (+m)");
  assert.deepEqual(talk.room.pending.map((entry) => entry.delivery), ["failed"]);
  assert.match(talk.room.pending[0].why, /\+m/);
});

test("a refusal of several lines bears its label once", () => {
  const talk = new Talk().enter();
  talk.say("loud");
  talk.feed("@label=m1 :s BATCH +7 labeled-response", "@batch=7 :s FAIL * X :no", "@batch=7 :s 404 nora #lobby :Cannot send", ":s BATCH -7");
  assert.deepEqual(talk.room.pending.map((entry) => entry.delivery), ["failed"]);
});

test("history and what happens meanwhile come in order, and nothing twice", () => {
  const talk = new Talk().connect().welcome().join();
  talk.feed(said(5, "live"));
  talk.history("#lobby", said(3, "three"), said(4, "four"), said(5, "live"));
  assert.deepEqual(talk.texts(), ["three", "four", "live"]);
  talk.feed(said(5, "live"));
  assert.equal(talk.texts().length, 3);
});

test("what was said in one millisecond keeps the server's order", () => {
  const talk = new Talk().connect().welcome().join();
  const ids = [0xff, 0x100, 0x101, 0x102];
  talk.feed(said(0x102, "102", { seconds: 1 }));
  talk.history("#lobby", ...ids.map((id) => said(id, id.toString(16), { seconds: 1 })));
  assert.deepEqual(talk.texts(), ["ff", "100", "101", "102"]);
});

test("ids are numbers, not words", () => {
  const talk = new Talk().connect().welcome().join();
  talk.feed(said(0x100, "100", { seconds: 1 }));
  talk.history("#lobby", said(0xff, "ff", { seconds: 1 }), said(0x101, "101", { seconds: 1 }));
  assert.deepEqual(talk.texts(), ["ff", "100", "101"]);
});

test("older pages come before, until there are no more", () => {
  const talk = new Talk().connect().welcome().join();
  talk.history("#lobby", ...Array.from({ length: 100 }, (_, i) => said(1000 + i, `n${i}`)));
  assert.ok(talk.room.hasOlder);
  talk.take();
  fetchOlder(talk.state, talk.room);
  fetchOlder(talk.state, talk.room);
  assert.deepEqual(talk.take(), ["CHATHISTORY BEFORE #lobby msgid=3e8 100"]);
  talk.history("#lobby", said(1, "first"));
  assert.equal(talk.texts()[0], "first");
  fetchOlder(talk.state, talk.room);
  talk.history("#lobby");
  assert.equal(talk.room.hasOlder, false);
});

test("a hundred thousand messages take the memory of some thousand", () => {
  const talk = new Talk().enter();
  for (let i = 1; i <= 100_000; i++) talk.feed(said(i, `message ${i}`, { seconds: i / 100 }));
  assert.ok(talk.room.messages.length <= KEPT_MESSAGES + 500);
  assert.ok(talk.room.ids.size <= KEPT_MESSAGES + 500);
  assert.ok(talk.room.hasOlder);
  assert.equal(talk.texts().at(-1), "message 100000");
});

test("who reads far back is not moved; the way back fetches the end", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "x"));
  for (let page = 60; page > 0; page--) {
    talk.room.hasOlder = true;
    fetchOlder(talk.state, talk.room);
    talk.history("#lobby", ...Array.from({ length: 100 }, (_, i) => said(-100_000 + page * 100 + i, "old", { seconds: -100_000 + page * 100 + i }).replace(/msgid=-/, "msgid=")));
  }
  assert.ok(talk.room.messages.length <= KEPT_MESSAGES + 500);
  assert.ok(talk.room.hasNewer);
  talk.feed(said(2, "now"));
  assert.ok(!talk.texts().includes("now"));
  talk.take();
  fetchLatest(talk.state, talk.room);
  assert.deepEqual(talk.take(), ["CHATHISTORY LATEST #lobby * 100"]);
  talk.history("#lobby", said(1, "x"), said(2, "now"));
  assert.deepEqual(talk.texts(), ["x", "now"]);
  assert.equal(talk.room.hasNewer, false);
});

test("a flood does not take away what somebody reads further up", () => {
  const talk = new Talk().enter();
  for (let i = 1; i <= 100; i++) talk.feed(said(i, `read ${i}`));
  talk.room.isHeld = true;
  for (let i = 101; i <= 20_000; i++) talk.feed(said(i, `flood ${i}`));
  assert.equal(talk.texts()[0], "read 1");
  assert.ok(talk.room.hasNewer);
  assert.ok(talk.room.messages.length <= KEPT_MESSAGES);
  assert.equal(talk.room.unread, 20_000);
});

test("unread messages and mentions are counted where nobody looks", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "hello"), said(2, "hi Nora!"), said(3, "norah is another"));
  assert.deepEqual([talk.room.unread, talk.room.mentions], [3, 1]);
  assert.equal(talk.events("alert").length, 1);
  talk.feed(said(4, "psst", { to: "nora" }));
  assert.equal(talk.state.room("bob").mentions, 1);
  talk.state.lookedAt = talk.room;
  talk.state.markRead(talk.room);
  assert.deepEqual([talk.room.unread, talk.room.mentions], [0, 0]);
  talk.take();
  talk.state.tellMarks();
  assert.deepEqual(talk.take(), [`MARKREAD #lobby timestamp=${at(3)}`]);
});

test("one's name is found in every message, not in every second one", () => {
  const talk = new Talk().enter();
  for (const id of [1, 2, 3]) {
    talk.feed(said(id, "@nora look"));
    assert.deepEqual(spansOf("@nora look", talk.state.me)[0], { kind: "me", text: "@nora" });
  }
  assert.equal(talk.room.mentions, 3);
});

test("a mark from another device counts", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "a"), said(2, "b"), `:s MARKREAD #lobby timestamp=${at(1)}`);
  assert.equal(talk.room.unread, 1);
});

test("what was missed is counted from where one has read", () => {
  const talk = new Talk().enter();
  talk.room.read = TIME + 1_000;
  talk.session.lost();
  talk.connect().welcome().join().history("#lobby", said(1, "a"), said(2, "b"), said(3, "nora: c"));
  assert.deepEqual([talk.room.unread, talk.room.mentions, talk.room.newFrom], [2, 1, TIME + 2_000]);
});

test("at the first visit nothing is new; what is said from then on is", () => {
  const talk = new Talk().connect().welcome().join().history("#lobby", said(-9, "old"));
  assert.equal(talk.room.unread, 0);
  const quiet = new Talk().enter();
  quiet.session.lost();
  quiet.connect().welcome().join().history("#lobby", said(1, "missed"));
  assert.equal(quiet.room.unread, 1);
});

test("at the first visit of an account that spoke here before, what came since then is new", () => {
  for (const [account, unread] of [["", 0], ["nora", 2]]) {
    const talk = new Talk().connect().welcome(account).join();
    talk.history("#lobby", said(1, "before"), said(2, "my own", { by: "nora" }), said(3, "nora?"), said(4, "nora!"));
    assert.deepEqual([talk.room.unread, talk.room.mentions, talk.room.newFrom], unread ? [2, 2, TIME + 3_000] : [0, 0, 0]);
  }
});

test("at the first visit of an account, what was said in the millisecond of its own last message, after that, is new", () => {
  const talk = new Talk().connect().welcome("nora").join();
  talk.history("#lobby", said(1, "my own", { by: "nora" }), said(2, "nora?", { seconds: 1 }), said(3, "nora!"));
  assert.deepEqual([talk.room.unread, talk.room.mentions, talk.room.newFrom], [2, 2, TIME + 1_000]);
  const answered = new Talk().connect().welcome("nora").join();
  answered.history("#lobby", said(1, "nora?"), said(2, "my own", { by: "nora", seconds: 1 }), said(3, "nora!"));
  assert.equal(answered.room.unread, 1);
});

test("who is away stays away when names are listed again", () => {
  const talk = new Talk().enter();
  talk.feed(":s 354 nora bob G@", ":s 354 nora nora H", ":s 353 nora = #lobby :nora bob");
  assert.deepEqual([talk.room.member("bob").away, talk.room.member("nora").away], [true, false]);
});

test("members come, go, rise and are renamed", () => {
  const talk = new Talk().enter().join("#dev", "@nora +bob carol");
  const room = talk.state.room("#dev");
  assert.equal(room.member("nora").prefix, "@");
  assert.ok(talk.state.isOperatorIn(room));
  talk.feed(":dave!u@h JOIN #dev", ":bob!u@h NICK robert", ":nora!u@h MODE #dev +o-v carol robert", ":carol!u@h QUIT :bye");
  assert.deepEqual([...room.members.keys()].sort(), ["dave", "nora", "robert"]);
  assert.equal(room.member("robert").prefix, "");
  talk.feed(":nora!u@h KICK #dev dave :spam");
  assert.ok(!room.member("dave"));
  talk.feed(":bob!u@h KICK #dev nora :out");
  assert.deepEqual([room.here, room.joined, room.members.size], [false, false, 0]);
});

/** What waits in a room, and how far it has come. */
const pendingIn = (room) => room.pending.map((entry) => [entry.text, entry.delivery, entry.why]);

for (const line of [":bob!u@h KICK #lobby nora :out", ":nora!u@h PART #lobby", ":s 473 nora #lobby :Cannot join channel (+i)"]) {
  test(`who is out of a room decides about what was still to be sent: ${line}`, () => {
    const talk = new Talk().enter();
    talk.feed(said(1, "x"));
    talk.say("arrived");
    talk.session.lost();
    talk.say("later");
    talk.connect().welcome();
    if (!line.includes("473")) talk.join();
    talk.feed(line);
    const states = pendingIn(talk.room);
    assert.deepEqual(states.map((each) => each.slice(0, 2)), [["arrived", "failed"], ["later", "failed"]]);
    assert.equal(states[0][2], "unknown");
    if (!line.includes("473")) assert.equal(states[1][2], "You are not in #lobby.");
    talk.take();
    talk.join().history("#lobby", said(2, "arrived", { by: "nora" }));
    assert.deepEqual(talk.take("PRIVMSG"), []);
    assert.deepEqual(pendingIn(talk.room).map(([text]) => text), ["later"]);
    talk.state.retry(talk.room, talk.room.pending[0]);
    flushRoom(talk.state, talk.room);
    assert.match(talk.take("PRIVMSG").join(), /PRIVMSG #lobby :later$/);
  });
}

test("what has its answer to come is not told as lost by a room that ends", () => {
  const talk = new Talk().enter();
  talk.say("hello");
  talk.feed(":bob!u@h KICK #lobby nora :out");
  assert.deepEqual(pendingIn(talk.room), [["hello", "sent", ""]]);
  talk.feed(said(1, "hello", { by: "nora", label: "m1" }));
  assert.deepEqual(pendingIn(talk.room), []);
});

test("a room that gets the name of another one has what was not sent there", () => {
  const talk = new Talk("nora", ["#old", "#new"]).connect().welcome().join("#old");
  const [room, before] = [talk.state.room("#old"), talk.state.room("#new")];
  Object.assign(before, { draft: "half a thought" });
  room.draft = "another";
  talk.say("hello", before);
  talk.feed(":bob!u@h RENAME #old #new :");
  assert.equal(talk.state.find("#new"), room);
  assert.equal(room.draft, "half a thought\nanother");
  assert.deepEqual(pendingIn(room), [["hello", "failed", "You are not in #new."]]);
});

test("what the server itself does is told as done by the server", () => {
  const talk = new Talk().enter();
  talk.feed(":chat.example.org MODE #lobby +m", ":chat.example.org TOPIC #lobby :tea", ":chat.example.org KICK #lobby bob :chat.example.org");
  const told = talk.room.messages.slice(-3).map((entry) => entry.text);
  assert.deepEqual(told, ["The server made the room quiet: only operators and those with a voice speak.", "The server set the topic: tea", "The server removed bob."]);
});

test("a conversation goes with a person who is renamed", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "psst", { to: "nora" }), ":bob!u@h NICK robert");
  assert.equal(talk.state.find("bob"), undefined);
  assert.deepEqual(talk.texts(talk.state.find("robert")), ["psst"]);
});

test("what is taken back is gone, and stays gone", () => {
  const talk = new Talk().enter();
  talk.feed(said(1, "oops"), said(2, "fine"), ":bob!u@h REDACT #lobby 1");
  assert.deepEqual(talk.texts(), ["fine"]);
  talk.history("#lobby", said(1, "oops"));
  assert.deepEqual(talk.texts(), ["fine"]);
  assert.equal(talk.room.entry("1"), undefined);
  assert.equal(talk.room.entry("2")?.text, "fine");
});

test("rights on the server end where the server says so", () => {
  const talk = new Talk().enter();
  talk.feed(":s 381 nora :You are now an IRC operator", ":s 354 nora nora H* nora");
  assert.ok(talk.room.member("nora").isServerOperator && talk.state.operator);
  talk.feed(":nora!u@h MODE nora -o");
  assert.ok(!talk.room.member("nora").isServerOperator && !talk.state.operator);
  assert.match(talk.room.messages.at(-1).text, /no operator/);
});

test("an operator of the server is marked at once, and told when a new connection is none of one", () => {
  const talk = new Talk().enter();
  talk.feed(":s 381 nora :You are now an IRC operator");
  assert.ok(talk.room.member("nora").isServerOperator);
  talk.session.lost();
  talk.connect().welcome();
  assert.match(talk.room.messages.at(-1).text, /no operator of the server any more/);
  talk.session.lost();
  const before = talk.connect().room.messages.length;
  talk.welcome();
  assert.equal(talk.room.messages.length, before);
});

test("what the server itself does has its name, and what has lasted its time ends", () => {
  const talk = new Talk().enter();
  talk.feed(":school MODE #lobby +b m:bob!*@*", ":school MODE #lobby -b m:bob!*@*", ":school MODE #lobby +o bob");
  talk.feed(`@chatroom/whom=bob;chatroom/until=${at(1)};time=${at(1)} :school MODE #lobby -b m:bob!*@*`);
  assert.deepEqual(talk.room.messages.slice(-4).map((entry) => entry.text), [
    "school muted bob.", "school lets bob speak again.", "school made bob an operator.", "The mute on bob has ended.",
  ]);
});

test("who strangers are told to leave alone reads it when they say so, and not at each login", () => {
  const talk = new Talk().enter();
  const told = () => talk.room.messages.filter((entry) => /logged in can write/.test(entry.text)).length;
  talk.feed(":nora!u@h MODE nora +R");
  assert.equal(told(), 0);
  runLine(talk.state, talk.room, "/set strangers off");
  talk.feed(":nora!u@h MODE nora +R", ":s 221 nora +R");
  assert.equal(told(), 1);
  runLine(talk.state, talk.room, "/set strangers on");
  talk.feed(":s 221 nora +");
  assert.match(talk.room.messages.at(-1).text, /^Everybody can write to you alone/);
});

test("a message that is kept for somebody who stays is told as that", () => {
  const talk = new Talk().enter();
  const bob = talk.state.room("bob");
  bob.online = true;
  talk.feed(":s 301 nora bob :is not here; your message is kept for them");
  assert.equal(bob.messages.at(-1).text, "bob is not here. Your message is kept, and shown when they come back.");
  talk.feed(":s 301 nora bob :lunch");
  assert.equal(talk.room.messages.at(-1).text, "bob is away: lunch.");
});

test("being taken over from elsewhere is told", () => {
  const talk = new Talk().enter();
  talk.feed(":s FAIL * SESSION_REPLACED :you have come in again from elsewhere");
  assert.equal(talk.events("refused")[0].why, "elsewhere");
});

test("an ended connection and being thrown off are told, and by whom", () => {
  const talk = new Talk().enter();
  talk.feed(":s FAIL * SESSION_ENDED :you have ended this connection from another device");
  talk.feed(":s FAIL * SESSION_KILLED olga :a break");
  const [ended, killed] = talk.events("refused");
  assert.equal(ended.why, "ended");
  assert.deepEqual([killed.why, killed.nick, killed.text], ["killed", "olga", "a break"]);
});

for (const [line, sent] of [
  ["/join dev secret", "JOIN #dev secret"],
  ["/kick bob 10m too loud", "KICK #lobby bob 10m :too loud"],
  ["/ban bob", "BAN #lobby bob"],
  ["/mute bob 2h", "MUTE #lobby bob 2h"],
  ["/slow 10", "MODE #lobby +W 10"],
  ["/slow off", "MODE #lobby -W"],
  ["/key off", "MODE #lobby -k *"],
  ["/quiet", "MODE #lobby +m"],
  ["/topic tea and cake", "TOPIC #lobby :tea and cake"],
  ["/rename tea", "RENAME #lobby #tea"],
  ["/rename #tea a typo", "RENAME #lobby #tea :a typo"],
  ["/login nora open-sesame", "PRIVMSG NickServ :IDENTIFY nora open-sesame"],
  ["/register open-sesame", "PRIVMSG NickServ :REGISTER open-sesame"],
  ["/me waves", "@label=m1 PRIVMSG #lobby :\x01ACTION waves\x01"],
  ["//x", "@label=m1 PRIVMSG #lobby :/x"],
  ["/away lunch time", "AWAY :lunch time"],
  ["/oper open", "OPER nora open"],
  ["/set", "PRIVMSG NickServ SET"],
  ["/set stay on", "PRIVMSG NickServ :SET stay on"],
  ["/kick #tea bob 10m too loud", "KICK #tea bob 10m :too loud"],
  ["/invite #tea bob", "INVITE bob #tea"],
  ["/op #tea bob", "MODE #tea +o bob"],
  ["/slow #tea off", "MODE #tea -W"],
  ["/quiet #tea off", "MODE #tea -m"],
  ["/topic #1 is tea", "TOPIC #lobby :#1 is tea"],
]) {
  test(`${line} sends ${sent.replace(/\x01/g, "")}`, () => {
    const talk = new Talk().enter();
    talk.take();
    runLine(talk.state, talk.room, line);
    assert.ok(talk.take().includes(sent), sent);
  });
}

test("the password that the server took is kept for the next connection, and for nothing else", () => {
  const talk = new Talk().enter();
  runLine(talk.state, talk.room, "/register open-sesame");
  assert.equal(talk.state.password, "");
  talk.feed(":s 900 nora nora!u@h nora :You are now logged in");
  assert.equal(talk.state.password, "open-sesame");
  talk.session.lost();
  talk.connect({ account: "nora", password: talk.state.password });
  assert.ok(talk.sent.includes("PASS nora:open-sesame"));
  talk.welcome("nora").feed(":s 900 nora nora!u@h nora :again");
  assert.equal(talk.state.password, "open-sesame");
  talk.feed(":s 901 nora nora!u@h :You are now logged out");
  assert.equal(talk.state.password, "");
});

test("a mistyped command is not said", () => {
  const talk = new Talk().enter();
  talk.take();
  for (const line of ["/regsiter open-sesame", "/join a,b", "/kick", "/kick #tea", "/constructor", "/__proto__ x"])
    assert.throws(() => runLine(talk.state, talk.room, line), Misuse);
  assert.deepEqual(talk.take(), []);
});

test("Tab completes who spoke last first, commands, rooms and emoji", () => {
  const talk = new Talk().enter().join("#lobby", "nora bob bea ben");
  talk.feed(said(1, "x", { by: "bea" }), said(2, "x", { by: "ben" }));
  const inserts = (text, asked = true) => choicesFor(talk.state, talk.room, text, asked).map((choice) => choice.insert);
  assert.deepEqual(inserts("b"), ["ben: ", "bea: ", "bob: "]);
  assert.deepEqual(inserts("hi @be", false), ["@ben ", "@bea "]);
  assert.deepEqual(inserts("b", false), []);
  assert.deepEqual(inserts("/unm", false), ["/unmute "]);
  assert.deepEqual(inserts("see #lo"), ["#lobby "]);
  assert.equal(inserts("ok :thumbs", false)[0], "👍 ");
});

test("emoji by name, but not in code or in times", () => {
  assert.equal(withEmoji(":smile: at 10:30:20 `:smile:`"), "😄 at 10:30:20 `:smile:`");
  assert.ok(findEmoji("heart", 5)[0].startsWith("heart"));
});

test("what is remembered survives rubbish", () => {
  const store = new Map();
  const storage = { getItem: (key) => store.get(key) ?? null, setItem: (key, value) => store.set(key, value) };
  for (const rubbish of ["", "null", "[]", '"x"', "{", '{"rooms":7,"read":null,"nick":["x"],"theme":{}}'])
    assert.equal(loadSettings({ getItem: () => rubbish }).theme, "system");
  const settings = loadSettings(null);
  settings.nick = "nora";
  settings.drafts["#lobby"] = "half a";
  saveSettings(storage, settings);
  assert.deepEqual(loadSettings(storage), settings);
});

test("no line makes it fall", () => {
  const talk = new Talk().enter();
  const commands = ["PRIVMSG", "JOIN", "PART", "KICK", "NICK", "MODE", "TOPIC", "BATCH", "FAIL", "MARKREAD", "REDACT", "CHATHISTORY",
    "353", "354", "332", "367", "324", "730", "900", "322", "433", "404", "005", "CAP", "ACK", "AWAY", "INVITE", "001"];
  for (const command of commands) for (const rest of ["", " ", " :", " nora", " #lobby", " #lobby nora", " +x chathistory", " -x"])
    for (const source of ["", ":bob!u@h ", ":nora!u@h ", "@batch=nope;label=m9 :s "]) talk.feed(`${source}${command}${rest}`);
});

const refusals = [
  [":s 475 nora #tea :Cannot join channel (+k); operators know the key: bob", "#tea has a key: operators know the key: bob."],
  [":s 472 nora X :is unknown mode char to me for #lobby", "There is no mode X."],
  [":s 401 nora ghost :No such nick/channel", "Nobody here is called ghost."],
  [":s 403 nora #no :No such channel", "There is no room #no."],
  [":s 404 nora #lobby :Cannot send to channel (+W); one message every 10 s, yours may follow in 7 s; operators: bob",
    "#lobby is in slow mode: one message every 10 s, yours may follow in 7 s; operators: bob."],
  [":s 404 nora #lobby :Cannot send to channel; bob has muted you for 10m (loud); operators lift it: bob",
    "#lobby: bob has muted you for 10m (loud); operators lift it: bob."],
  [":s 482 nora #lobby :You're not channel operator; operators are: bob", "Only operators of #lobby can do that; operators are: bob."],
  [":s 464 nora :Password incorrect", "That is not the password. Try again."],
  [":s 696 nora #lobby k * :That is no parameter for this mode", "That can't be a key. A key has no spaces and no commas."],
  [":s 696 nora #lobby W x :That is no parameter for this mode", "That is no time for slow mode. Give the seconds between two messages, 1 to 3600."],
  [":s 696 nora #lobby b m:x :There is no such ban or mute", "There is no such ban or mute."],
  [":s 499 nora #lobby :Something new", "#lobby: Something new"],
];
for (const [line, text] of refusals) {
  test(`a refusal is a sentence: ${line.slice(3, 7)} ${text}`, () => {
    const talk = new Talk().enter();
    talk.feed(line);
    const said = [...talk.state.rooms.values()].flatMap((room) => room.messages).at(-1);
    assert.deepEqual([said?.kind, said?.text], ["error", text]);
  });
}

test("the code of a FAIL tells why the numeric behind it comes, and no other", () => {
  const talk = new Talk().enter();
  const last = () => talk.state.current.messages.at(-1).text;
  talk.feed(":s FAIL PASS TEMPORARILY_UNAVAILABLE :often", ":s 464 nora :often");
  assert.match(last(), /too often/);
  talk.feed(":s 464 nora :Password incorrect");
  assert.match(last(), /not the password/);
  talk.feed(":s FAIL NICK NICKNAME_RESERVED bob :claimed", ":s 433 nora bob :claimed");
  assert.match(last(), /bob is claimed/);
});

test("what is about a room is not asked for in a conversation", () => {
  const talk = new Talk().enter();
  const bob = talk.state.room("bob");
  talk.take();
  for (const line of ["/topic x", "/kick bob", "/quiet", "/mode +m"]) assert.throws(() => runLine(talk.state, bob, line), /conversation with bob/);
  assert.deepEqual(talk.take(), []);
  runLine(talk.state, bob, "/kick #lobby bob");
  assert.deepEqual(talk.take(), ["KICK #lobby bob"]);
});

test("/edit takes back our last message, and says another one instead", () => {
  const talk = new Talk();
  talk.connect().feed(":s CAP * ACK :draft/message-redaction");
  talk.welcome().join().history("#lobby");
  talk.feed(said(1, "teh answer", { by: "nora" }), said(2, "what?"));
  talk.take();
  runLine(talk.state, talk.room, "/edit the answer");
  assert.deepEqual(talk.take(), ["REDACT #lobby 1", "@label=m1 PRIVMSG #lobby :the answer"]);
  assert.equal(talk.room.pending[0].edited, true);
  assert.equal(talk.room.editing, null);
});

test("what is done to a room is told", () => {
  const talk = new Talk().enter();
  talk.feed(":bob!u@h MODE #lobby +k x", ":bob!u@h MODE #lobby -k x", ":bob!u@h MODE #lobby +W 1", ":bob!u@h MODE #lobby +W 20");
  assert.deepEqual(talk.room.messages.slice(-4).map((entry) => entry.text), [
    "bob locked the room with a key.", "bob unlocked the room: nobody needs a key any more.",
    "bob slowed the room down: one message every 1 second.", "bob slowed the room down: one message every 20 seconds.",
  ]);
});

test("an operator of the server reads from where somebody comes", () => {
  const talk = new Talk().enter();
  talk.feed(":s 338 nora bob web@10.0.0.7 10.0.0.7 :is actually there");
  assert.equal(talk.room.messages.at(-1).text, "bob comes from 10.0.0.7 (web@10.0.0.7).");
});

test("the modes of a room are told in words", () => {
  const talk = new Talk().enter();
  const told = (modes) => {
    runLine(talk.state, talk.room, "/mode");
    talk.feed(`:s 324 nora #lobby ${modes}`);
    return talk.room.messages.at(-1).text;
  };
  assert.equal(
    told("+nkXW sesam 10"),
    "Modes of #lobby: only those speak who are in it (+n); it has a key (+k sesam); +X; one message every 10 seconds (+W 10).",
  );
  assert.equal(told("+"), "#lobby has no modes.");
});

test("a time that is over is no day", () => {
  assert.deepEqual([-5, 0, 0.4, 60, 5400, 86_400].map(timeSpan), ["1 second", "1 second", "1 second", "1 minute", "90 minutes", "1 day"]);
});

test("who is logged in is told so before they log in again", () => {
  const talk = new Talk().connect().welcome("nora");
  assert.throws(() => runLine(talk.state, talk.state.current, "/login nora open-sesame"), /logged in as nora.*\/logout/);
  assert.throws(() => runLine(talk.state, talk.state.current, "/register open-sesame"), /logged in as nora.*\/logout/);
});

test("an operator who takes back a message of somebody else is named, who takes back their own is not", () => {
  const talk = new Talk().enter();
  talk.feed("@msgid=5;time=" + at(5) + " :bob!u@h PRIVMSG #lobby :secret", "@msgid=6;time=" + at(6) + " :bob!u@h PRIVMSG #lobby :mine");
  talk.feed(":ola!u@h REDACT #lobby 5", ":bob!u@h REDACT #lobby 6");
  const texts = talk.state.current.messages.map((entry) => entry.text);
  assert.deepEqual(texts.filter(Boolean), ["ola took back a message of bob."]);
  assert.deepEqual(talk.state.heard, []);
});

test("an operator who takes back a message of somebody else and then speaks has edited nothing", () => {
  const talk = new Talk().enter();
  talk.feed(said(30, "spam", { seconds: 1 }), `@time=${at(2)} :ola!u@h REDACT #lobby 1e`, `@time=${at(3)};msgid=1f :ola!u@h PRIVMSG #lobby :stop that`);
  assert.deepEqual(talk.texts(), ["stop that"]);
  assert.ok(!talk.room.messages.at(-1).edited);
});

test("who is thrown off the server, and an owner who comes in, are told of in words", () => {
  const talk = new Talk().enter();
  talk.feed(":bob!u@h QUIT :Killed (ola: spam)", ":jan!u@h JOIN #lobby", ":jan!u@h MODE #lobby +o jan");
  const texts = talk.state.current.messages.map((entry) => entry.text);
  assert.deepEqual(texts.filter(Boolean), ["ola threw bob off the server: spam", "jan is an operator here."]);
});

// ---- answers, reactions, typing ----

const tagged = (tags, by = "bob", to = "#lobby", text = "") => `@time=${at(50)};${tags} :${by}!u@h ${text ? `PRIVMSG ${to} :${text}` : `TAGMSG ${to}`}`;

test("an answer is sent with the id of what it answers, also if it has several lines", () => {
  const talk = new Talk().enter();
  talk.feed(said(16, "is this right?"));
  talk.take();
  talk.room.answering = talk.room.messages.at(-1);
  runLine(talk.state, talk.room, "yes");
  const [line] = talk.take();
  assert.match(line, /^@label=m1;\+draft\/reply=10 PRIVMSG #lobby :yes$/);
  assert.equal(talk.room.answering, null);
  talk.state.say(talk.room, "a\nb", "message", "10");
  flushRoom(talk.state, talk.room);
  assert.match(talk.take()[0], /^@label=m2;\+draft\/reply=10 BATCH \+m2 draft\/multiline #lobby$/);
});

test("who answers us mentions us", () => {
  const talk = new Talk().enter();
  talk.say("is this right?");
  const [label] = /m\d+/.exec(talk.take("PRIVMSG")[0]);
  talk.feed(said(16, "is this right?", { by: "nora", label }), tagged("msgid=11;+draft/reply=10", "bob", "#lobby", "yes"));
  assert.equal(talk.room.mentions, 1);
  assert.equal(talk.room.messages.at(-1).answers, "10");
  talk.feed(tagged("msgid=12;+reply=11", "carol", "#lobby", "really"));
  assert.equal(talk.room.mentions, 1);
});

test("reactions come and go, each person once, and not to what is unknown", () => {
  const talk = new Talk().enter();
  talk.feed(said(16, "hello"));
  const entry = talk.room.messages.at(-1);
  for (const by of ["bob", "BOB", "carol"]) talk.feed(tagged("+draft/react=👍;+reply=10", by));
  talk.feed(tagged("+draft/react=👍;+reply=99"), tagged("+draft/react=👍"));
  assert.deepEqual([...entry.reactions.get("👍").values()], ["BOB", "carol"]);
  toggleReaction(talk.state, talk.room, entry, "👍");
  assert.deepEqual(talk.take("TAGMSG"), ["@+draft/react=👍;+draft/reply=10 TAGMSG #lobby"]);
  talk.feed(tagged("+draft/react=👍;+draft/reply=10", "nora"));
  toggleReaction(talk.state, talk.room, entry, "👍");
  assert.deepEqual(talk.take("TAGMSG"), ["@+draft/unreact=👍;+draft/reply=10 TAGMSG #lobby"]);
  for (const by of ["bob", "carol", "nora"]) talk.feed(tagged("+draft/unreact=👍;+draft/reply=10", by));
  assert.equal(entry.reactions.size, 0);
  for (let i = 0; i < 40; i++) talk.feed(tagged(`+draft/react=r${i};+draft/reply=10`));
  assert.equal(entry.reactions.size, 20);
});

test("reactions of the history are shown with its messages", () => {
  const talk = new Talk().connect().welcome().join();
  talk.history("#lobby", said(16, "hello"), tagged("+draft/react=🎉;+reply=10"));
  assert.deepEqual([...talk.room.messages.at(-1).reactions.keys()], ["🎉"]);
  assert.equal(talk.texts().length, 1);
});

test("who types is told of for some seconds, or until they have said it", () => {
  const talk = new Talk().enter();
  let now = TIME;
  talk.state.now = () => now;
  talk.feed(tagged("+typing=active"), tagged("+typing=active", "carol"), tagged("+typing=active", "nora"));
  assert.deepEqual(typingIn(talk.state, talk.room), ["bob", "carol"]);
  talk.feed(said(16, "hello"), tagged("+typing=done", "carol"));
  assert.deepEqual(typingIn(talk.state, talk.room), []);
  talk.feed(tagged("+typing=active"));
  now += 7_000;
  assert.deepEqual(typingIn(talk.state, talk.room), []);
  assert.equal(talk.texts().length, 1);
});

test("that we type is told every three seconds at most, and its refusal to nobody", () => {
  const talk = new Talk().enter();
  let now = TIME;
  talk.state.now = () => now;
  talk.take();
  for (let i = 0; i < 10; i++, now += 500) tellTyping(talk.state, talk.room, true);
  tellTyping(talk.state, talk.room, false);
  tellTyping(talk.state, talk.room, false);
  assert.deepEqual(talk.take("TAGMSG").map((line) => /typing=\w+/.exec(line)[0]), ["typing=active", "typing=active", "typing=done"]);
  const count = talk.room.messages.length;
  talk.feed("@label=typing :s 404 nora #lobby :Cannot send to channel (+m)");
  assert.equal(talk.room.messages.length, count);
});

test("the server is told which language the page speaks, and the account which one was chosen", () => {
  setLanguage("pl");
  const talk = new Talk();
  talk.session.connected((line) => talk.sent.push(line), { nick: "nora", password: "", serverPassword: "" });
  talk.feed(":s CAP * LS :draft/languages=2,en,pl message-tags");
  assert.deepEqual(talk.take("LANGUAGE"), ["LANGUAGE pl"]);
  talk.feed(":s CAP * ACK :draft/languages message-tags");
  talk.welcome("nora");
  assert.deepEqual(talk.take("LANGUAGE"), []);
  talk.state.chosenLanguage = "en";
  talk.feed(":s 900 nora nora!u@h nora :You are now logged in");
  assert.deepEqual(talk.take("LANGUAGE"), ["LANGUAGE en"]);
  const count = talk.room.messages.length;
  talk.feed(":s 687 nora en :Language preferences have been set");
  assert.equal(talk.room.messages.length, count);
  setLanguage("en");
});

test("whom we ignore is known from the server, and told when it changes", () => {
  const talk = new Talk().connect();
  talk.feed(":s 001 nora :Welcome", ":s 005 nora SILENCE=100 MONITOR=100 :are supported", ":s 422 nora :No MOTD");
  assert.deepEqual(talk.take("SILENCE"), ["SILENCE"]);
  talk.feed(":s 271 nora nora bob!*@*", ":s 271 nora nora a:carol", ":s 272 nora :End");
  assert.deepEqual([...talk.state.ignored.keys()], ["bob", "carol"]);
  const count = talk.room.messages.length;
  talk.feed(":nora!u@h SILENCE -bob!*@*", ":nora!u@h SILENCE +dave!*@*");
  assert.equal(talk.room.messages.length, count + 2);
  assert.deepEqual([...talk.state.ignored.keys()], ["carol", "dave"]);
  runLine(talk.state, talk.room, "/ignore eve");
  runLine(talk.state, talk.room, "/unignore dave");
  runLine(talk.state, talk.room, "/logout 2");
  assert.deepEqual(talk.take(), ["SILENCE +eve", "SILENCE -dave", "PRIVMSG NickServ :LOGOUT 2"]);
});

test("that a message waits is no away message", () => {
  const talk = new Talk().connect();
  talk.feed(":s 001 nora :Welcome", ":s 005 nora MONITOR=100 :are supported", ":s 422 nora :No MOTD");
  const ola = talk.state.room("ola");
  talk.feed(":s 301 nora ola :is not here; your message is kept for them");
  assert.match(ola.messages.at(-1).text, /^ola is not here. Your message is kept/);
  talk.feed(":s 730 nora :ola!u@h", ":s 301 nora ola :tea", ":s 301 nora ola :away");
  assert.ok(ola.away);
  assert.deepEqual(talk.texts(talk.room, "info").slice(-2), ["ola is away: tea.", "ola is away."]);
});

test("a message is edited by taking it back and saying it anew", () => {
  const talk = new Talk().enter();
  talk.feed(`@time=${at(1)};msgid=10;+draft/reply=9 :nora!u@h PRIVMSG #lobby :teh`);
  talk.room.editing = talk.room.messages.at(-1);
  talk.take();
  runLine(talk.state, talk.room, "the");
  const [redact, say] = talk.take();
  assert.equal(redact, "REDACT #lobby 10");
  assert.match(say, /^@label=m1;\+draft\/reply=9 PRIVMSG #lobby :the$/);
  talk.feed(`@time=${at(2)} :nora!u@h REDACT #lobby 10`, `@time=${at(2)};msgid=11;label=m1 :nora!u@h PRIVMSG #lobby :the`);
  assert.deepEqual(talk.texts(), ["the"]);
  assert.ok(talk.room.messages.at(-1).edited);
  talk.feed(said(32, "helo"), `@time=${at(40)} :bob!u@h REDACT #lobby 20`, said(33, "hello", { seconds: 41 }), said(34, "again", { seconds: 42 }));
  assert.deepEqual(talk.room.messages.slice(-2).map((entry) => entry.edited), [true, false]);
  talk.feed(`@time=${at(50)} :bob!u@h REDACT #lobby 22`, said(48, "later", { seconds: 60 }));
  assert.ok(!talk.room.messages.at(-1).edited);
  talk.room.editing = talk.room.messages.at(-1);
  talk.session.lost();
  assert.throws(() => runLine(talk.state, talk.room, "x"), Misuse);
});

test("a room goes on under another name, also one that got it while we were away", () => {
  const talk = new Talk("nora", ["#lobby", "#old"]).connect().welcome();
  talk.feed(":nora!u@h JOIN #old", ":s 366 nora #old :End");
  const room = talk.state.find("#old");
  talk.state.current = room;
  talk.feed(":bob!b@h RENAME #old #new :a typo");
  assert.equal(talk.state.find("#new"), room);
  assert.equal(talk.state.find("#old"), undefined);
  assert.equal(room.messages.at(-1).text, "bob renamed #old to #new: a typo");
  talk.feed(":bob!b@h RENAME #nowhere #x :", ":bob!b@h RENAME #new bob :", ":bob!b@h RENAME");
  assert.equal(room.name, "#new");
  talk.take();
  talk.state.join("#before");
  const before = talk.state.find("#before");
  talk.feed(":s FAIL JOIN CHANNEL_RENAMED #before #after :That channel has another name now");
  assert.deepEqual(talk.take("JOIN"), ["JOIN #before", "JOIN #after"]);
  assert.equal(talk.state.find("#after"), before);
  talk.state.current = talk.state.join("#before");
  talk.state.find("#before").draft = "half a thought";
  talk.feed(":s FAIL JOIN CHANNEL_RENAMED #before #new :That channel has another name now");
  assert.equal(talk.state.find("#new").draft, "half a thought");
  assert.equal(talk.state.current, room);
  assert.equal(talk.state.find("#before"), undefined);
  talk.state.room("#later"); // which we have left, and is still shown
  talk.feed(":bob!b@h RENAME #new #later :");
  assert.equal(talk.state.find("#later"), room);
  talk.feed(":bob!b@h RENAME #later #later :", ":bob!b@h RENAME #later #LATER :");
  assert.equal(talk.state.find("#later"), room);
  assert.equal(room.name, "#LATER");
});
