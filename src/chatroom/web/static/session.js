/**
 * A session with the server: lines come in, and the state changes. No socket, no document.
 *
 * Lines that belong together (IRCv3 batch) are handled when the last of them has come.
 */

import { parseLine } from "./irc.js";
import { Handshake } from "./handshake.js";
import { handleFound, handleHistory, handleLine } from "./handlers.js";

/** @typedef {import("./irc.js").Message} Line */
/** @typedef {import("./state.js").ChatState} SessionState */
/** @typedef {{type: string, params: string[], first: Line, lines: Line[]}} Batch */

const BATCHES_MAX = 16;
const BATCH_LINES_MAX = 5_000;

export class Session {
  /** @param {SessionState} state */
  constructor(state) {
    this.state = state;
    /** @type {Handshake | null} */
    this.handshake = null;
    /** @type {Map<string, Batch>} */
    this.batches = new Map();
  }

  /**
   * There is a connection: registers.
   * @param {(line: string) => void} sendLine
   * @param {import("./handshake.js").Visitor} visitor
   */
  connected(sendLine, visitor) {
    this.batches.clear();
    this.state.connected(sendLine);
    this.handshake = new Handshake(this.state, visitor);
    this.handshake.start();
  }

  lost() {
    this.batches.clear();
    this.state.lost();
  }

  /**
   * Handles a line. One that makes no sense is dropped: the server may know more than this page does.
   * @param {string} line
   */
  feed(line) {
    const message = parseLine(line);
    if (!message) return;
    const batch = this.batches.get(message.tags.batch ?? "");
    if (message.command === "BATCH") this.onBatch(message, batch);
    else if (batch) keepInBatch(batch, message);
    else this.handle(message);
  }

  /** @param {Line} message */
  handle(message) {
    if (!this.handshake?.feed(message)) handleLine(this.state, message);
  }

  /**
   * @param {Line} message
   * @param {Batch} [parent]
   */
  onBatch(message, parent) {
    const [ref, type = "", ...params] = message.params;
    if (ref?.[0] === "+") {
      if (this.batches.size < BATCHES_MAX) this.batches.set(ref.slice(1), { type, params, first: message, lines: [] });
      return;
    }
    const batch = this.batches.get(ref?.slice(1) ?? "");
    if (!batch) return;
    this.batches.delete(ref.slice(1));
    const outer = parent ?? this.batches.get(batch.first.tags.batch ?? "");
    if (batch.type === "draft/multiline") {
      const whole = joinedLines(batch);
      if (outer) keepInBatch(outer, whole);
      else this.handle(whole);
    } else if (batch.type === "chathistory") {
      handleHistory(this.state, batch.params[0] ?? "", batch.lines);
    } else if (batch.type === "soju.im/search") {
      handleFound(this.state, batch.lines);
    } else {
      const { label } = batch.first.tags;
      for (const line of batch.lines) this.handle(label ? { ...line, tags: { ...line.tags, label } } : line);
    }
  }
}

/**
 * @param {Batch} batch
 * @param {Line} line
 */
function keepInBatch(batch, line) {
  if (batch.lines.length < BATCH_LINES_MAX) batch.lines.push(line);
}

/**
 * The message of many lines that a batch of draft/multiline is.
 * @param {Batch} batch
 * @returns {Line}
 */
function joinedLines(batch) {
  let text = "";
  batch.lines.forEach((line, i) => {
    text += (i && !("draft/multiline-concat" in line.tags) ? "\n" : "") + (line.params[1] ?? "");
  });
  const { tags, source } = batch.first;
  return { command: batch.lines[0]?.command ?? "PRIVMSG", params: [batch.params[0] ?? "", text], source, tags };
}
