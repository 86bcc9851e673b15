/**
 * Tabs of one browser share one name. A guest's is connected in one of them, and the others offer to take over. Who is
 * logged in is there in all of them: to the server these are devices of one person.
 */

const CHANNEL = "chatroom";
/** Another tab answers within some milliseconds. */
const TAB_ANSWER_MS = 200;

export class Tabs {
  /**
   * @param {() => void} onTaken another tab takes over: this one has to let go
   * @param {() => boolean} isShared whether the name may be used by several at once
   */
  constructor(onTaken, isShared) {
    this.holds = false;
    this.answered = false;
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = (event) => {
      if (event.data === "anybody?" && this.holds && !isShared()) this.channel.postMessage("here");
      if (event.data === "here") this.answered = true;
      if (event.data === "take" && this.holds && !isShared()) {
        this.holds = false;
        onTaken();
        this.channel.postMessage("released");
      }
    };
  }

  /** Whether no other tab is connected; then this one is the one. */
  async claim() {
    this.answered = false;
    this.channel.postMessage("anybody?");
    await new Promise((resolve) => setTimeout(resolve, TAB_ANSWER_MS));
    this.holds = !this.answered;
    return this.holds;
  }

  /** Makes any other tab let go. */
  async take() {
    this.channel.postMessage("take");
    await new Promise((resolve) => setTimeout(resolve, TAB_ANSWER_MS));
    this.holds = true;
  }
}
