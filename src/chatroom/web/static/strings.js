/**
 * Every text that the page says itself, in one table: whole sentences with named places. It is in English; the server
 * has the sentences of other languages, which the page asks for by name (docs/translating.md).
 *
 * A text with a number has one form for one and one for many, chosen by its place `count`; one row of the table is one line.
 */

/** @type {Record<string, string | {one: string, other: string}>} */
const STRINGS = {
  // coming in
  appName: "chatroom",
  welcome: "Choose a name, and talk.",
  name: "Your name",
  nameHint: "Letters and digits; others see it.",
  password: "Password of this name",
  serverPassword: "Password of this server",
  enter: "Come in",
  entering: "Coming in…",
  passwordOpen: "This connection is not encrypted: others in your network can read a password.",
  refused_taken: "Somebody here is called {nick} already, or looks like it. Choose another name.",
  welcomeBack: "Welcome back, {nick}. Give the password of this name.",
  refused_claimed: "{nick} belongs to somebody here. If it is you, give your password; else choose another name.",
  refused_login: "That is not the password of {nick}. Try again, or choose another name.",
  passwordChanged: "The password of {nick} was changed on another device. Give the new one.",
  refused_bad: "{nick} can't be a name here. Choose another one.",
  refused_bad_NICKNAME_BAD_length: "{nick} is too long for a name. Choose a shorter one.",
  refused_bad_NICKNAME_BAD_letter: "{nick} can't be a name. A name has letters, digits and -_[]{}^|, and no spaces.",
  refused_bad_NICKNAME_BAD_scripts: "{nick} can't be a name. A name has letters of one script.",
  refused_bad_NICKNAME_OF_SERVER: "{nick} would pass for the server. Choose another name.",
  refused_bad_NICKNAME_BANNED: "The name {nick} is banned here. Choose another one.",
  refused_often: "That was tried too often. Wait a minute, then try again.",
  refused_banned: "This server doesn't let you in: {text}",
  "refused_server-password": "This server has a password. Ask whoever runs it.",
  "refused_server-password-wrong": "That is not the password of this server. Try again.",
  refused_ended: "This connection was ended from one of your devices. Give your password to log in here again.",
  refused_killed: "{nick} has thrown you off this server: {text}",
  refused_elsewhere: "You have come in again from elsewhere, so this page was disconnected.",
  refused_closed: "The server closed the connection: {text}",
  comeBack: "Come back here",
  otherTab: "chatroom is open in another tab of this browser.",
  takenOver: "Another tab of this browser has taken over.",
  useHere: "Use it here",
  noName: "Write a name first.",
  longName: "That name is too long: {count} characters at most.",

  // the connection
  unreachable: "The server doesn't answer. Trying again…",
  connectionLost: "The connection is lost. What you write waits here.",
  nameHeld: "{nick} is still held by the connection that was lost. What you write waits here.",
  nextTry: "Next try in {seconds} s.",
  trying: "Trying again…",
  tryNow: "Try now",
  otherName: "Choose another name",
  outdated: "The server has a newer version of this page.",
  reload: "Load it",

  // lists
  rooms: "Rooms",
  conversations: "Direct messages",
  members: "People",
  joinRoom: "Join a room",
  owners: "Owners — {count}",
  operators: "Operators — {count}",
  here: "Here — {count}",
  awayPeople: "Away — {count}",
  morePeople: { one: "and {count} other", other: "and {count} others" },
  isServerOperator: "operator of this server",
  isOwner: "owner of this room",
  isMuted: "muted",
  closed_k: "needs a key",
  closed_i: "by invitation",
  hasVoice: "may speak in a quiet room",
  unreadLabel: { one: "{count} unread message", other: "{count} unread messages" },
  mentionLabel: { one: "{count} message for you", other: "{count} messages for you" },
  isOnline: "Here",
  isAway: "Away",
  isOffline: "Not here",
  peopleCount: { one: "{count} person", other: "{count} people" },

  // parts of the page
  messagesIn: "Messages in {room}",
  openRooms: "Show rooms",
  openMembers: "Show people",
  search: "Search",
  roomMenu: "More about this room",
  accountMenu: "You and your settings",
  close: "Close",
  cancel: "Cancel",
  skipToWriting: "Skip to writing",

  // messages
  newMessages: "New",
  joined: { one: "→ {names} joined", other: "→ {names} joined" },
  left: { one: "← {names} left", other: "← {names} left" },
  joinedAndLeft: { one: "{names} joined and left", other: "{names} joined and left" },
  leftWhy: { one: "← {names} left ({why})", other: "← {names} left ({why})" },
  renamed: "{old} is now called {nick}",
  topicSet: "{by} set the topic: {topic}",
  topicRemoved: "{by} removed the topic.",
  roomRenamed: "{by} renamed {room} to {name}.",
  roomRenamedWhy: "{by} renamed {room} to {name}: {why}",
  calledNow: "{room} is called {name} now.",
  topicIs: "The topic of {room}: {topic}",
  noTopic: "{room} has no topic.",
  theServer: "The server",
  kicked: "{by} removed {nick}.",
  kickedWhy: "{by} removed {nick}: {why}",
  kickedYou: "{by} removed you from {room}.",
  kickedYouWhy: "{by} removed you from {room}: {why}",
  invited: "{nick} is invited to {room}.",
  invitedYou: "{by} invites you to {room}.",
  names2: "{a} and {b}",
  names3: "{a}, {b} and {c}",
  namesMore: { one: "{a}, {b} and {count} other", other: "{a}, {b} and {count} others" },
  waiting: "waiting for the connection…",
  sending: "sending…",
  failed: "Not sent: {why}",
  failedUnknown: "The connection was lost: nobody can know whether this arrived.",
  retry: "Send again",
  remove: "Remove",
  showAll: { one: "Show all {count} character", other: "Show all {count} characters" },
  showLess: "Show less",
  notice: "notice",
  announcement: "Announcement: {text}",
  beginning: "This is where {room} begins.",
  beginningDirect: "This is where your conversation with {room} begins.",
  loading: "Loading older messages…",
  toLatest: "To the latest message",
  newBelow: { one: "{count} new message", other: "{count} new messages" },
  messageMenu: "What to do with this message",
  copyText: "Copy the text",
  takeBack: "Take back",
  reply: "Reply",
  react: "React",
  reactWith: "React…",
  otherReaction: "Other emoji",
  reacted: { one: "{reaction} by {names}", other: "{reaction} by {names}" },
  quote: "{nick}: {text}",
  quoteUnknown: "An earlier message",
  edit: "Edit…",
  edited: "(edited)",
  editing: "Editing your message",
  answering: "Reply to {nick}: {text}",
  typing: { one: "{names} is typing…", other: "{names} are typing…" },
  answer: "Answer {nick}",

  // writing
  messageTo: "Message {room}",
  send: "Send",
  emoji: "Emoji",
  searchEmoji: "Search emoji",
  notInRoom: "You are not in {room}.",
  join: "Join",
  tooLong: "That is too long to send: {count} characters at most.",

  // dialogs
  topic: "Topic",
  setTopic: "Topic…",
  inviteSomebody: "Invite somebody…",
  shareRoom: "Show the address…",
  shareHelp: "Whoever opens this address comes into the room. A phone's camera can read the code, if there is one.",
  shareNear: "This address works on this machine alone. Others need the one that this machine has in their network; whoever runs the server knows it.",
  copyAddress: "Copy the address",
  addressCopied: "The address is copied.",
  qrCode: "The address as a QR code",
  inviteName: "Whom?",
  invite: "Invite",
  setKey: "Key…",
  renameRoom: "Rename…",
  key: "Only who knows this key comes in; empty: everybody",
  quiet: "Quiet: only operators and those with a voice speak",
  loud: "Let everybody speak again",
  slowMode: "Slow mode…",
  slow: "Seconds between two messages of one person; 0: off",
  whoIsBanned: "Who is banned or muted",
  leaveRoom: "Leave {room}",
  putAway: "Put this conversation away",
  save: "Save",
  roomName: "Name of the room",
  roomKey: "Key, if it has one",
  roomsHere: "Rooms on this server",
  goTo: "Go to a room or a person",
  enterJoins: "Nothing was found. Enter joins {room}.",
  talkTo: "Message {nick}",
  whoIs: "Who is this?",
  mentionThem: "Mention",
  ignoreThem: "Ignore what they write to you alone",
  unignoreThem: "Ignore them no more",
  ignoredNow: "You hear nothing more of what {nick} writes to you alone.",
  unignoredNow: "You hear again what {nick} writes to you alone.",
  ignoredAre: "You ignore: {names}",
  nobodyIgnored: "You ignore nobody.",
  isKept: "is not here; your message is kept for them",
  willWait: "{nick} is not here. Your message is kept, and shown when they come back.",
  devices: "Your devices",
  makeOperator: "Make operator of this room",
  takeOperator: "Take the operator's rights",
  giveVoice: "Give a voice",
  takeVoice: "Take the voice",
  muteThem: "Mute…",
  kickThem: "Remove from the room…",
  banThem: "Ban…",
  unmuteThem: "Let them speak again",
  muteTitle: "Mute {nick}: they can read, but not write",
  kickTitle: "Remove {nick} from {room}",
  banTitle: "Ban {nick} from {room}",
  mute: "Mute",
  kick: "Remove from the room",
  ban: "Ban",
  howLong: "For how long",
  why: "Why (others can read it)",
  time_: "for good",
  timeNone: "they may come back at once",
  time_10m: "10 minutes",
  time_1h: "1 hour",
  time_1d: "1 day",
  time_1w: "1 week",

  // you
  loggedIn: "logged in",
  guest: "guest",
  youAway: "away",
  offline: "not connected",
  claim: "Claim this name…",
  claimTitle: "Claim {nick}",
  claimHelp: "Then nobody else can use it, on any device. At least 8 characters, without spaces.",
  newPassword: "New password",
  oldPassword: "Old password",
  claimIt: "Claim it",
  logIn: "Log in…",
  logInTitle: "Log in to a claimed name",
  accountName: "Claimed name",
  accountPassword: "Password",
  logInNow: "Log in",
  logOut: "Log out",
  changePassword: "Change the password…",
  changePasswordTitle: "Change the password of {nick}",
  noSpaces: "A password has no spaces.",
  changeName: "Change your name…",
  newName: "New name",
  change: "Change",
  goAway: "Mark yourself as away",
  comeBackHere: "Say that you are back",
  language: "Language: {language}",
  chooseLanguage: "Language of this page",
  theme: "Colours: {theme}",
  theme_system: "as the system",
  theme_light: "light",
  theme_dark: "dark",
  typingOn: "Others see that you are typing: on",
  typingOff: "Others see that you are typing: off",
  soundOn: "Sound: on",
  soundOff: "Sound: off",
  notifyOn: "Notifications: on",
  notifyOff: "Notifications: off",
  notifyDenied: "Your browser doesn't allow notifications for this page.",
  keys: "Keys",
  leaveChat: "Leave the chat",
  youAreAway: "You are marked as away.",
  youAreBack: "You are not away any more.",
  awayText: "away",
  noOperator: "You are no operator of the server any more.",
  youAreOperator: "You are an operator of the server now.",

  // search
  searchWords: "Words to search for",
  everywhere: "everywhere",
  onlyHere: "only in {room}",
  whereToSearch: "Where to search",
  mentionsOfMe: "Mentions of you",
  found: { one: "{count} message found", other: "{count} messages found" },
  foundNothing: "Nothing was found.",
  noSearch: "This server keeps no history to search.",
  searching: "Searching…",
  youSaid: "You",

  // answers of the server
  modePlus_o: "{by} made {nick} an operator.",
  modeMinus_o: "{by} took the operator's rights from {nick}.",
  modePlus_v: "{by} gave {nick} a voice.",
  modeMinus_v: "{by} took the voice from {nick}.",
  modePlus_b: "{by} banned {nick}.",
  modePlus_b_for: "{by} banned {nick} for {span}.",
  modePlus_b_why: "{by} banned {nick}: {why}",
  modePlus_b_for_why: "{by} banned {nick} for {span}: {why}",
  modeMinus_b_ended: "The ban on {nick} has ended.",
  modeMinus_b: "{by} lifted the ban on {nick}.",
  modePlus_q: "{by} muted {nick}.",
  modePlus_q_for: "{by} muted {nick} for {span}.",
  modePlus_q_why: "{by} muted {nick}: {why}",
  modePlus_q_for_why: "{by} muted {nick} for {span}: {why}",
  modeMinus_q_ended: "The mute on {nick} has ended.",
  modeMinus_q: "{by} lets {nick} speak again.",
  modePlus_W: { one: "{by} slowed the room down: one message every {count} second.", other: "{by} slowed the room down: one message every {count} seconds." },
  modeMinus_W: "{by} ended slow mode.",
  modePlus_m: "{by} made the room quiet: only operators and those with a voice speak.",
  modeMinus_m: "{by} lets everybody speak.",
  modePlus_k: "{by} locked the room with a key.",
  modeMinus_k: "{by} unlocked the room: nobody needs a key any more.",
  modePlus_i: "{by} lets in only those who are invited.",
  modeMinus_i: "{by} lets everybody in.",
  modeOther: "{by} set the mode {mode}",
  whois301: "{nick} is away: {last}.",
  whois301_: "{nick} is away.",
  whois311: "{nick} is {a}@{b} ({last}).",
  whois312: "{nick} is connected to {a}.",
  whois313: "{nick} is an operator of this server.",
  whois317: "{nick} has said nothing for {span}.",
  seconds: { one: "{count} second", other: "{count} seconds" },
  minutes: { one: "{count} minute", other: "{count} minutes" },
  hours: { one: "{count} hour", other: "{count} hours" },
  days: { one: "{count} day", other: "{count} days" },
  whois319: "{nick} is in {last}.",
  whois330: "{nick} is logged in as {a}.",
  whois335: "{nick} is a bot.",
  whois338: "{nick} comes from {b} ({a}).",
  whois671: "{nick} is connected through TLS.",
  bannedHere: "{nick} is banned, by {by}",
  mutedHere: "{nick} is muted, by {by}",
  timeLeft: "{span} left",
  nobodyBanned: "Nobody is banned or muted here.",
  lift: "Lift",
  liftFrom: "Lift it from {nick}",
  keyTitle: "{room} has a key",
  keyWanted: "Key",
  modesAre: "Modes of {room}: {modes}.",
  modesNone: "{room} has no modes.",
  modeIs_i: "only who is invited comes in",
  modeIs_k: "it has a key",
  modeIs_l: "at most {whom} people come in",
  modeIs_m: "only operators and those with a voice speak",
  modeIs_n: "only those speak who are in it",
  modeIs_t: "only operators set the topic",
  modeIs_s: "it is in no list",
  modeIs_W: "one message every {whom} seconds",
  modeIs_C: "no messages for programs (CTCP)",

  // refusals: by numeric, and by the mode or the code that tells which of its meanings it has
  numeric_401: "Nobody here is called {a}.",
  numeric_403: "There is no room {a}.",
  numeric_404: "{a}: {rest}.",
  numeric_404_m: "{a} is quiet: only operators and those with a voice speak; {rest}.",
  numeric_404_W: "{a} is in slow mode: {rest}.",
  numeric_405: "You are in too many rooms. Leave one first.",
  numeric_421: "This server knows no command {a}.",
  numeric_432: "{a} can't be a name here. Choose another one.",
  numeric_433: "Somebody here is called {a} already, or looks like it. Choose another name.",
  numeric_433_NICKNAME_LIKE: "{a} looks like the name of somebody else. Choose another name.",
  numeric_433_NICKNAME_RESERVED: "{a} is claimed. If it is yours, log in as {a}; else choose another name.",
  numeric_435: "You can't change your name while you are banned or muted in {b}. Leave it first.",
  numeric_441: "{a} is not in {b}.",
  numeric_442: "You are not in {a}. Join it first.",
  numeric_443: "{a} is in {b} already.",
  numeric_464: "That is not the password. Try again.",
  numeric_464_TEMPORARILY_UNAVAILABLE: "That was tried too often. Wait a minute, then try again.",
  numeric_471: "{a} is full; {rest}.",
  numeric_472: "There is no mode {a}.",
  numeric_473: "Only who is invited comes into {a}; {rest}.",
  numeric_474: "{a}: {rest}.",
  numeric_475: "{a} has a key: {rest}.",
  numeric_476: "{a} can't be the name of a room, or looks like that of another. Choose another name.",
  numeric_481: "Only an operator of this server can do that.",
  numeric_482: "Only operators of {a} can do that; {rest}.",
  numeric_491: "This server has no password for operators. Whoever runs it can set one.",
  numeric_696: "{text}.",
  numeric_696_k: "That can't be a key. A key has no spaces and no commas.",
  numeric_696_W: "That is no time for slow mode. Give the seconds between two messages, 1 to 3600.",
  onlyInRooms: "/{name} is for rooms, and this is a conversation with {nick}.",
  loggedInAlready: "You are logged in as {nick}. Use /logout first.",
  thrownOff: "{by} threw {nick} off the server.",
  thrownOffWhy: "{by} threw {nick} off the server: {why}",
  tookBack: "{by} took back a message of {nick}.",
  modePlus_o_self: "{nick} is an operator here.",

  // commands
  noCommand: "There is no command /{name}; /help lists them.",
  usage: "That is used like this: {usage}",
  noSetting: "There is no setting {name}. There are: replay, strangers, stay.",
  saidNothing: "There is no message of {nick} in {room}.",
  languagesAre: "/lang LANGUAGE chooses one of these: {languages}",
  strangersOff: "Only people who are logged in can write to you alone now.",
  strangersOn: "Everybody can write to you alone now.",
  oneRoom: "One room at a time.",
  noConnection: "There is no connection right now.",
  places: "DEVICE EMOJI KEY LANGUAGE MODES NAME NEW OLD PASSWORD ROOM SECONDS TEXT TIME WHY WORDS",
  helpTitle: "Commands and keys",
  whoIsHere: "In {room}: {names}",
  nobody: "nobody",
  does_help: "this list",
  does_join: "go to a room; it is made if there is none",
  does_leave: "leave a room, or put away a conversation",
  does_rooms: "the rooms of this server",
  does_who: "who is here",
  does_whois: "what the server tells about somebody",
  does_msg: "talk to one person",
  does_me: "say what you do: /me waves",
  does_nick: "change your name",
  does_topic: "show or set what the room is about",
  does_ignore: "hear nothing of what somebody writes to you alone; without a name: whom you ignore",
  does_unignore: "hear it again",
  does_devices: "by which devices you are here",
  does_away: "tell others that you are away",
  does_back: "tell others that you are back",
  does_invite: "ask somebody into this room",
  does_rename: "give this room another name",
  does_kick: "remove somebody from this room; for 30s, 10m, 2h, 1d",
  does_ban: "remove somebody and don't let them in again",
  does_unban: "lift a ban",
  does_bans: "who is banned or muted here",
  does_mute: "let somebody read here, but not write",
  does_unmute: "let them speak again",
  does_op: "make somebody an operator of this room",
  does_deop: "take the operator's rights from somebody",
  does_voice: "let somebody write in a quiet or slow room",
  does_devoice: "take the voice from somebody",
  does_slow: "let everybody send one message every so many seconds",
  does_key: "let in only those who know a key",
  does_quiet: "let only operators and those with a voice speak",
  does_mode: "show or set the room's modes: /mode +m",
  does_register: "claim your name",
  does_login: "prove that a claimed name is yours",
  does_logout: "log out; with a number: end one of your devices",
  does_password: "change your password",
  does_set: "your settings: see what you missed, hear strangers, stay when you go",
  does_lang: "choose the language that you read: /lang en",
  does_mentions: "where your name was said",
  does_reply: "answer the last message of somebody",
  does_react: "react to the last message of somebody: /react bob 👍",
  does_unreact: "take a reaction back",
  does_undo: "take back your last message",
  does_edit: "take back your last message here, and say this instead",
  does_oper: "become an operator of the server",
  does_search: "search what was said",
  does_history: "go to what was said here before",
  does_servers: "list the servers that are this chat",
  does_quit: "leave the chat",
  keyEnter: "sends; Shift+Enter breaks the line",
  keyTab: "completes a name, a command or :emoji:",
  keyUp: "in an empty field: what you sent before",
  keyGoTo: "goes to a room or a person",
  keySearch: "searches",
  keyRooms: "the next or the previous room",
  keyMessages: "in the messages: moves from one to the next; Enter opens its menu",
  keyEscape: "closes what is open; goes to the latest message",
};

/**
 * The sentences of another language: `forms` tells for each number from 0 which form it takes, twice the numbers after
 * which the rule repeats.
 * @typedef {{forms: string, strings: Record<string, string | string[] | undefined>}} Translation
 */

/** A page must come up, in English if the other sentences don't come. */
const STRINGS_MS = 5_000;

const english = new Intl.PluralRules("en");
/**
 * The language of this script: the server puts its sentences here, and none into the table, where it is not English.
 * @type {{tag: string, sentences: Translation} | null}
 */
const SHIPPED = null;
/** @type {Translation} */
const NONE = { forms: "", strings: {} };
let translation = NONE;
let formats = formatsOf("en");

/**
 * How a language writes numbers and dates, and sorts.
 * @param {string} tag
 */
function formatsOf(tag) {
  const dates = tag === "en" ? "en-GB" : tag; // a day before its month
  return {
    tag,
    numbers: new Intl.NumberFormat(tag),
    order: new Intl.Collator(tag),
    clock: new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    day: new Intl.DateTimeFormat(dates, { weekday: "long", day: "numeric", month: "long" }),
    year: new Intl.DateTimeFormat(dates, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    moment: new Intl.DateTimeFormat(dates, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }),
  };
}

/**
 * Says everything in this language from now on.
 * @param {string} tag
 * @param {Translation} [sentences]
 */
export function setLanguage(tag, sentences = NONE) {
  translation = sentences;
  formats = formatsOf(tag);
}

/**
 * Speaks a language: that of this script, or another one, for whose sentences the server is asked.
 * @param {string} tag
 */
export async function speakLanguage(tag) {
  const shipped = SHIPPED ?? { tag: "en", sentences: NONE };
  if (tag === shipped.tag) {
    setLanguage(tag, shipped.sentences);
    return;
  }
  try {
    const late = new AbortController();
    setTimeout(() => late.abort(), STRINGS_MS);
    const answer = await fetch(`strings/${tag}.json`, { signal: late.signal });
    if (answer.ok) setLanguage(tag, await answer.json());
  } catch {
    // The page goes on in the language that it has.
  }
}

/** The language that the server has chosen for this browser. */
export function shippedLanguage() {
  return SHIPPED?.tag ?? "en";
}

export function spokenLanguage() {
  return formats.tag;
}

/**
 * What a language is called by those who speak it: polski.
 * @param {string} tag
 */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/**
 * For sorting, as the language does it.
 * @param {string} a
 * @param {string} b
 */
export function compareNames(a, b) {
  return formats.order.compare(a, b);
}

/**
 * The text of that name with its places filled; "" if there is none.
 * @param {string} key
 * @param {Record<string, string | number | undefined>} [places]
 */
export function tr(key, places = {}) {
  const count = Number(places.count);
  const entry = translation.strings[key] ?? STRINGS[key] ?? "";
  const text = typeof entry === "string" ? entry : "one" in entry ? (english.select(count) === "one" ? entry.one : entry.other) : entry[formOf(count)];
  return text.replace(/\{(\w+)\}/g, (_, place) => {
    const value = places[place];
    return typeof value === "number" ? formats.numbers.format(value) : (value ?? "");
  });
}

/** @param {number} count */
function formOf(count) {
  const { forms } = translation;
  const repeats = forms.length / 2;
  return Number(forms[count < repeats ? count : repeats + (count % repeats)] ?? 0);
}

/**
 * Local time of day: 12:41.
 * @param {number} time
 */
export function clock(time) {
  return formats.clock.format(time);
}

/**
 * Monday 30 November; with the year where it is not this one.
 * @param {number} time
 * @param {number} now
 */
export function dayName(time, now) {
  const format = new Date(time).getFullYear() === new Date(now).getFullYear() ? formats.day : formats.year;
  return format.format(time);
}

/**
 * 30 Nov 2026, 09:12.
 * @param {number} time
 */
export function moment(time) {
  return formats.moment.format(time);
}
