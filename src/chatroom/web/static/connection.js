/**
 * The connection to the server: made, kept alive, and made again when it is lost. One line of IRC a message.
 *
 * After a loss the next try is in 1, 2, 4 … 30 s, and at once when the device wakes or the network returns.
 * No document here; `WebSocket` is the browser's.
 */

const RETRY_FIRST_MS = 1_000;
const RETRY_LONGEST_MS = 30_000;
/** Each wait is ± 20 %, so that not all come back to a restarted server at once. */
const RETRY_SPREAD = 0.2;
const CONNECT_MS = 10_000;
/** A silence after which the server is asked whether it is there; networks drop idle connections without a word. */
const QUIET_MS = 100_000; // longer than the server waits before it asks us
/** The same while something was sent and not answered: what somebody has written should not wait for long. */
const QUIET_EXPECTING_MS = 10_000;
const ANSWER_MS = 15_000;
/** The same when the device has woken: the connection is probably dead. */
const WAKE_ANSWER_MS = 6_000;
const LOOK_MS = 250;
/** Lines are handled for so long at once, so that keys are never kept waiting by a flood. */
const SLICE_MS = 8;

/**
 * What the owner is told; `expects` asks whether an answer of the server is due.
 * @typedef {{opened: () => void, line: (line: string) => void, lost: () => void,
 *   connecting: () => void, expects: () => boolean}} Ears
 */

export class Connection {
  /**
   * @param {string} url
   * @param {Ears} ears
   */
  constructor(url, ears) {
    this.url = url;
    this.ears = ears;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.stopped = true;
    this.isOpen = false;
    this.retryAt = 0;
    this.delay = RETRY_FIRST_MS;
    this.heard = 0;
    this.asked = 0;
    this.answerMs = ANSWER_MS;
    this.begun = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    /** @type {string[]} received, not handled yet */
    this.lines = [];
    this.handled = 0;
    /** Wakes us for the next slice; timers are slow in tabs out of sight. */
    this.bell = new MessageChannel();
    this.bell.port1.onmessage = () => this.handleSlice();
  }

  /** Connects, and stays connected until `stop`. */
  start() {
    if (!this.stopped) return;
    this.stopped = false;
    this.delay = RETRY_FIRST_MS;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.dial();
  }

  /** Ends the connection for good; nobody is told. */
  stop() {
    this.stopped = true;
    clearInterval(this.timer);
    this.hangUp();
  }

  /** @param {string} line */
  send(line) {
    if (this.isOpen && this.socket?.readyState === WebSocket.OPEN) this.socket.send(line);
  }

  /** The server has let us in: the wait after the next loss is short again. */
  settled() {
    this.delay = RETRY_FIRST_MS;
  }

  /** Ends this connection, and tries again later. */
  drop() {
    if (this.socket) this.lose();
  }

  /** The device has woken, or the network is back, or the user doesn't want to wait. */
  wake() {
    if (this.stopped) return;
    if (this.retryAt) this.dial();
    else if (this.isOpen && !this.asked) this.ask(WAKE_ANSWER_MS);
  }

  /** Makes a connection now. */
  dial() {
    this.hangUp();
    this.retryAt = 0;
    this.begun = Date.now();
    this.ears.connecting();
    const socket = new WebSocket(this.url, ["text.ircv3.net"]);
    this.socket = socket;
    socket.onopen = () => {
      this.isOpen = true;
      this.heard = Date.now();
      this.ears.opened();
    };
    socket.onmessage = (event) => {
      this.heard = Date.now();
      this.asked = 0;
      if (!this.lines.length) this.bell.port2.postMessage(0);
      this.lines.push(String(event.data).replace(/[\r\n]+$/, ""));
    };
    socket.onclose = () => this.finish();
  }

  /** Handles what has come, for a moment; goes on later if there is more. */
  handleSlice() {
    const end = performance.now() + SLICE_MS;
    try {
      while (this.handled < this.lines.length && performance.now() < end) this.ears.line(this.lines[this.handled++]);
    } finally {
      if (this.handled < this.lines.length) {
        this.bell.port2.postMessage(0);
      } else {
        this.lines = [];
        this.handled = 0;
      }
    }
  }

  /** The server has closed: what it said last is handled first. */
  finish() {
    const socket = this.socket;
    while (this.handled < this.lines.length && this.socket === socket) this.ears.line(this.lines[this.handled++]);
    if (this.socket === socket) this.lose();
  }

  /** Forgets the socket, and says goodbye to the server if it listens. */
  hangUp() {
    const socket = this.socket;
    this.socket = null;
    this.isOpen = false;
    this.asked = 0;
    this.lines = [];
    this.handled = 0;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  lose() {
    this.hangUp();
    if (this.stopped) return;
    const spread = 1 - RETRY_SPREAD + 2 * RETRY_SPREAD * Math.random();
    this.retryAt = Date.now() + this.delay * spread;
    this.delay = Math.min(this.delay * 2, RETRY_LONGEST_MS);
    this.ears.lost();
  }

  /** @param {number} patience */
  ask(patience) {
    this.asked = Date.now();
    this.answerMs = patience;
    this.send("PING :are-you-there");
  }

  /** Looks at the clock, a few times a second. */
  look() {
    const now = Date.now();
    if (this.retryAt) {
      if (now >= this.retryAt) this.dial();
    } else if (!this.isOpen) {
      if (now - this.begun > CONNECT_MS) this.lose();
    } else if (this.asked) {
      if (now - this.asked > this.answerMs) this.lose();
    } else if (now - this.heard > (this.ears.expects() ? QUIET_EXPECTING_MS : QUIET_MS)) {
      this.ask(ANSWER_MS);
    }
  }
}
