/**
 * Emoji by name: what people look for most, not all there are.
 */

const EMOJI_TABLE =
  "smile😄 grin😁 joy😂 rofl🤣 slight_smile🙂 wink😉 blush😊 innocent😇 heart_eyes😍 kiss😘 yum😋 tongue😛 crazy😜 " +
  "money_face🤑 hug🤗 thinking🤔 shush🤫 zipper🤐 raised_eyebrow🤨 neutral😐 expressionless😑 smirk😏 unamused😒 " +
  "roll_eyes🙄 grimace😬 relieved😌 pensive😔 sleepy😪 sleeping😴 mask😷 sick🤒 sneeze🤧 hot🥵 cold🥶 dizzy_face😵 " +
  "exploding🤯 cowboy🤠 party🥳 cool😎 nerd🤓 confused😕 worried😟 frown🙁 open_mouth😮 astonished😲 flushed😳 " +
  "pleading🥺 cry😢 sob😭 scream😱 weary😩 tired😫 yawn🥱 triumph😤 angry😠 rage😡 skull💀 poop💩 clown🤡 ghost👻 " +
  "alien👽 robot🤖 cat_face😺 see_no_evil🙈 wave👋 hand✋ ok_hand👌 pinched🤏 victory✌️ crossed_fingers🤞 rock🤘 " +
  "call_me🤙 point_left👈 point_right👉 point_up👆 point_down👇 thumbsup👍 +1👍 thumbsdown👎 -1👎 fist✊ punch👊 " +
  "clap👏 raised_hands🙌 open_hands👐 handshake🤝 pray🙏 writing✍️ muscle💪 eyes👀 brain🧠 baby👶 person🧑 teacher🧑‍🏫 " +
  "student🧑‍🎓 shrug🤷 facepalm🤦 bow🙇 runner🏃 dancer💃 family👪 heart❤️ orange_heart🧡 yellow_heart💛 " +
  "green_heart💚 blue_heart💙 purple_heart💜 black_heart🖤 broken_heart💔 sparkling_heart💖 hundred💯 boom💥 sweat_drops💦 " +
  "zzz💤 speech💬 dog🐶 cat🐱 mouse🐭 rabbit🐰 fox🦊 bear🐻 panda🐼 lion🦁 cow🐮 pig🐷 frog🐸 monkey🐵 chicken🐔 " +
  "penguin🐧 bird🐦 owl🦉 unicorn🦄 bee🐝 bug🐛 butterfly🦋 snail🐌 turtle🐢 snake🐍 fish🐟 dolphin🐬 whale🐳 crab🦀 " +
  "flower🌸 rose🌹 sunflower🌻 tulip🌷 tree🌳 cactus🌵 leaf🍃 clover🍀 mushroom🍄 earth🌍 moon🌙 star⭐ sparkles✨ " +
  "sun☀️ cloud☁️ rain🌧️ snow❄️ lightning⚡ rainbow🌈 fire🔥 droplet💧 ocean🌊 apple🍎 banana🍌 grapes🍇 strawberry🍓 " +
  "lemon🍋 watermelon🍉 avocado🥑 carrot🥕 bread🍞 cheese🧀 egg🥚 burger🍔 fries🍟 pizza🍕 taco🌮 sushi🍣 soup🍲 " +
  "icecream🍦 cake🍰 birthday🎂 cookie🍪 chocolate🍫 candy🍬 coffee☕ tea🍵 milk🥛 beer🍺 wine🍷 cheers🥂 soccer⚽ " +
  "basketball🏀 football🏈 tennis🎾 volleyball🏐 trophy🏆 medal🏅 dart🎯 game🎮 dice🎲 puzzle🧩 art🎨 music🎵 guitar🎸 " +
  "piano🎹 drum🥁 movie🎬 camera📷 car🚗 bus🚌 train🚆 bike🚲 plane✈️ rocket🚀 ship🚢 house🏠 school🏫 hospital🏥 " +
  "tent⛺ watch⌚ phone📱 computer💻 keyboard⌨️ printer🖨️ tv📺 bulb💡 battery🔋 plug🔌 book📖 books📚 notebook📓 memo📝 " +
  "pencil✏️ pen🖊️ ruler📏 calendar📅 chart📈 clipboard📋 pin📌 paperclip📎 scissors✂️ lock🔒 unlock🔓 key🔑 hammer🔨 " +
  "wrench🔧 gear⚙️ magnet🧲 test_tube🧪 microscope🔬 telescope🔭 pill💊 gift🎁 balloon🎈 tada🎉 confetti🎊 mail📧 " +
  "package📦 bell🔔 no_bell🔕 megaphone📣 hourglass⏳ alarm⏰ money💰 check✅ x❌ warning⚠️ no_entry⛔ question❓ " +
  "exclamation❗ plus➕ minus➖ recycle♻️ info ℹ️ arrow_right➡️ arrow_left⬅️ arrow_up⬆️ arrow_down⬇️ red_circle🔴 " +
  "green_circle🟢 blue_circle🔵 flag🏁 white_flag🏳️ rainbow_flag🏳️‍🌈";

/** @type {Map<string, string>} name → emoji */
export const EMOJI = new Map(
  EMOJI_TABLE.replace("info ", "info").split(" ").map((word) => {
    const name = /^[a-z0-9_+-]+/.exec(word)?.[0] ?? "";
    return [name, word.slice(name.length)];
  }),
);

/**
 * The names that have a part in them, those that begin with it first.
 * @param {string} part
 * @param {number} most
 */
export function findEmoji(part, most) {
  const wanted = part.toLowerCase();
  const names = [...EMOJI.keys()];
  const first = names.filter((name) => name.startsWith(wanted));
  return [...first, ...names.filter((name) => !name.startsWith(wanted) && name.includes(wanted))].slice(0, most);
}

/**
 * The text with each `:name:` of an emoji replaced by it. What stands in `code` stays.
 * @param {string} text
 */
export function withEmoji(text) {
  const parts = text.split(/(```[^]*?```|`[^`\n]*`)/);
  return parts.map((part, i) => (i % 2 ? part : part.replace(/:([a-z0-9_+-]+):/g, (all, name) => EMOJI.get(name) ?? all))).join("");
}
