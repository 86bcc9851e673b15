/**
 * What the page remembers on this device between visits. Passwords are never in it.
 */

/**
 * `members` tells whether the list of people is shown where there is room for it; `read` is the time of the last message read, by folded room; `theme` is system, light or dark; `language` is "" until one is chosen.
 * @typedef {{nick: string, current: string, rooms: string[], conversations: string[], read: Record<string, number>,
 *   drafts: Record<string, string>, theme: string, language: string, sound: boolean, typing: boolean, notify: boolean, members: boolean, seen: number}} Settings
 */

const SETTINGS_KEY = "chatroom";
/** Rooms and people whose drafts and marks are kept. */
const REMEMBERED_ROOMS = 200;
const DRAFT_CHARACTERS = 8_000;

/** @returns {Settings} */
function blankSettings() {
  return { nick: "", current: "", rooms: [], conversations: [], read: {}, drafts: {}, theme: "system", language: "", sound: true, typing: true, notify: true, members: true, seen: 0 };
}

/**
 * What is remembered; what is missing or of another type has its first value. A browser may forbid to remember.
 * @param {Storage | null} storage
 * @returns {Settings}
 */
export function loadSettings(storage) {
  const settings = /** @type {any} */ (blankSettings());
  try {
    const kept = JSON.parse(storage?.getItem(SETTINGS_KEY) ?? "{}");
    for (const [key, first] of Object.entries(settings)) {
      const value = kept?.[key];
      if (typeof value === typeof first && Array.isArray(value) === Array.isArray(first) && value !== null)
        settings[key] = value;
    }
  } catch {
    return blankSettings();
  }
  settings.rooms = settings.rooms.filter((/** @type {unknown} */ name) => typeof name === "string");
  settings.conversations = settings.conversations.filter((/** @type {unknown} */ name) => typeof name === "string");
  return settings;
}

/**
 * Somebody leaves: who comes next on this device finds nothing of theirs.
 * @param {Settings} settings
 */
export function forgetPerson(settings) {
  const { nick, current, rooms, conversations, read, drafts, seen } = blankSettings();
  Object.assign(settings, { nick, current, rooms, conversations, read, drafts, seen });
}

/**
 * @param {Storage | null} storage
 * @param {Settings} settings
 */
export function saveSettings(storage, settings) {
  settings.read = latestOf(settings.read);
  settings.drafts = latestOf(settings.drafts);
  for (const [room, draft] of Object.entries(settings.drafts)) settings.drafts[room] = draft.slice(0, DRAFT_CHARACTERS);
  try {
    storage?.setItem(SETTINGS_KEY, JSON.stringify(settings));
  } catch {
    // The browser keeps nothing here: the page works, and begins anew the next time.
  }
}

/**
 * @template T
 * @param {Record<string, T>} table
 * @returns {Record<string, T>}
 */
function latestOf(table) {
  return Object.fromEntries(Object.entries(table).slice(-REMEMBERED_ROOMS));
}
