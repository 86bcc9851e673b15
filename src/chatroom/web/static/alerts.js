/**
 * Calls the user who looks elsewhere: a notification where the browser allows it, the title, a sound.
 */

import { tr } from "./strings.js";

const SOUND_SECONDS = 0.25;
const SOUND_HERTZ = 660;
const SOUND_VOLUME = 0.08;
/** Between two sounds; a flood of mentions is one call. */
const SOUND_PAUSE_MS = 3_000;
const ALERT_CHARACTERS = 160;

let lastSound = 0;
/** @type {AudioContext | null} */
let audio = null;

/** Whether this browser can notify at all: with https, and on this machine. */
export function canNotify() {
  return "Notification" in globalThis && isSecureContext;
}

/**
 * Tells of a message while the page is out of sight.
 * @param {import("./settings.js").Settings} settings
 * @param {import("./room.js").Room} room
 * @param {import("./entries.js").Entry} entry
 * @param {() => void} onClick
 */
export function callUser(settings, room, entry, onClick) {
  if (settings.sound) playSound();
  if (!settings.notify || !canNotify() || Notification.permission !== "granted") return;
  const title = room.isDirect ? entry.nick : `${entry.nick} · ${room.name}`;
  try {
    const notification = new Notification(title, { body: entry.text.slice(0, ALERT_CHARACTERS), icon: "icon.svg", tag: room.name });
    notification.onclick = () => {
      window.focus();
      onClick();
      notification.close();
    };
  } catch {
    // Android's browsers notify through workers alone; the title and the sound remain.
  }
}

function playSound() {
  const now = Date.now();
  if (now - lastSound < SOUND_PAUSE_MS || !("AudioContext" in globalThis)) return;
  lastSound = now;
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume().catch(() => {});
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = SOUND_HERTZ;
  volume.gain.setValueAtTime(SOUND_VOLUME, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + SOUND_SECONDS);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + SOUND_SECONDS);
}

/**
 * How much waits for the user.
 * @param {import("./state.js").ChatState} state
 * @param {import("./room.js").Room} [besides] a room that is not counted
 */
export function countsOf(state, besides) {
  let mentions = 0;
  let unread = 0;
  for (const room of state.rooms.values()) {
    if (room === besides) continue;
    mentions += room.mentions;
    unread += room.unread;
  }
  return { mentions, unread };
}

/**
 * The title of the page: how much waits for the user, and where they are.
 * @param {import("./state.js").ChatState} state
 */
export function titleOf(state) {
  const { mentions, unread } = countsOf(state);
  const mark = mentions ? `(${mentions}) ` : unread ? "• " : "";
  return `${mark}${state.current.name} – ${tr("appName")}`;
}
