"""The passwords that are guessed first: words that many people choose, with what they put around them.

A word counts with digits and signs before and after it, with some of its letters written as digits and signs, and said
twice: ``Dragon12!``, ``p4ssw0rd`` and ``lovelove`` are no better than the words. So a list of words stands for many
thousand passwords.
"""

import re

PLAIN_NUMBER_DIGITS = 11  # digits up to which a password of digits alone counts as a date or a telephone number
DIFFERENT_CHARACTERS_MIN = 4  # in a password: `aaaaaaaa` and `12121212` have fewer
ROW_CHARACTERS = 4  # characters side by side on a keyboard or in the alphabet, from which on they count as a row

_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "!@#$%^&*()",
)
_AS_LETTERS = str.maketrans("0134578@$!€", "oieastbasie")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")

_TEXT = """
abcabc access account adidas admin administrator adobe advance agent alexander alexandra alexis alpha amanda america
amigo amor anders andrea andrew android angel angela angelo angels anime anthony apple april arsenal arthur asdf
asdfgh asdfjkl ashley asshole august austin autumn azerty baby babygirl backup badboy banana barbara barcelona bartek
baseball basketball batman beautiful benjamin berlin bigdaddy bigdog bismillah bitch blabla blackberry blink bond
bonjour booboo boomer boston brandon brasil brazil bubbles buddy buster butterfly caesar calvin camera canada carlos
carolina casper changeit changeme changethis charlie charlotte chat chatroom cheese chelsea chester chicago chicken
chocolate chouchou chris christian christopher classic client coffee college computer connect contrasena contraseña
cookie cool corvette cowboy cowboys creative crystal daddy dakota dallas daniel daniela database david december
default demo denise dennis diamond discord doctor dolphin doudou dragon dragonball eagle eagles easy edward einstein
elephant elizabeth eminem enterprise eric estrella everton falcon family fantasy february fender ferrari fish fishing
florida flower football forever forget freddy freedom friday friend friends fuck fucker fuckme fuckoff fuckyou
fussball gabriel game gamer gandalf garfield geheim general george gfhjkm giants ginger girls god goddess golf golfer
google gordon grandma green guest guestguest guitar gunner hallo hammer hannah happy harley harrypotter haslo hasło
heather heaven hejhej hello helpme hermosa hockey hola hunter iamgod iceman iloveu iloveyou internet isabella jackson
jamaica james january jasmine jason jasper jennifer jeremy jessica jesus jesuschrist jetaime johnny jordan joseph
joshua juliana july june junior justin juventus killer king kitten knight kochanie kristina kuschel ladybug lemon
letmein letmeinnow letmeout liberty linkedin liverpool lol london louise loulou love lovely loveme lover loveyou lucky
madison maggie magic manager manchester march marina marlboro martin marvin master matrix matthew maverick maxwell
melissa mercedes merlin metallica mexico michael michelle mickey miller minecraft misiek monday money monica monkey
monster morgan motdepasse mother mountain music mustang mypass mypassword natasha nathan nicole nirvana nissan nothing
november number october office oliver omega online operator orange pass passpass passport passw passwd password
passwort patrick peaches peanut peekaboo pepper phoenix pikachu pirate player please poiuytrewq pokemon police polska
porsche portugal potter prince princesa princess private public purple pussy qazwsx qazwsxedc qwaszx qwe qweasd
qweasdzxc qwer qwerasdf qwert qwerty qwertz rachel rainbow ranger rebecca red reddog redsox remember robert rock rocky
ronaldo root rosebud runner sabrina samantha samsung samuel sandra saturday scarface schatz school scooter scorpion
secret secure security september server service sesame sexy shadow shannon sierra silver simple simpson slayer
slipknot smokey snoopy snowball soccer soleil sommer sophie spider spiderman spring star starlight startrek starwars
steelers steven stupid success summer sunday sunflower sunshine super superman superstar support sweet swordfish
system teamo tennis tequila test tester testing thailand thomas thunder thursday tiger tigger tinkerbell titanic toor
toyota travis trinity trustno tuesday twitter user username valentina vanessa victoria victory viking vincent voodoo
wachtwoord warcraft warrior wednesday welcome welcomeback whatever william willkommen windows winner winter wizard
work xbox xxx yankees yellow youtube zaq zaqwsx zxcvb zxcvbn любовь пароль привет
"""
_WORDS = frozenset(_TEXT.split())


def is_made_of(password: str, name: str) -> bool:
    """Whether a password is a name, with nothing but digits and signs before and after it; both are folded."""
    word = _AROUND.sub("", password)
    return password == name or (word != "" and word == _AROUND.sub("", name))


def is_common(password: str) -> bool:
    """Whether a password is among those that are guessed first."""
    folded = password.casefold()
    if len(set(folded)) < DIFFERENT_CHARACTERS_MIN or (folded.isdecimal() and len(folded) <= PLAIN_NUMBER_DIGITS):
        return True
    written = {folded, folded.translate(_AS_LETTERS)}
    bare = _AROUND.sub("", folded)
    written |= {bare, bare.translate(_AS_LETTERS)}
    return any(_is_known(_once(word)) for word in written)


def _is_known(word: str) -> bool:
    letters = re.sub(r"\d", "", word)
    return not _WORDS.isdisjoint({word, letters}) or _is_row(word) or _is_row(letters)


def _once(word: str) -> str:
    """A word that is written several times, once."""
    for length in range(1, len(word) // 2 + 1):
        if len(word) % length == 0 and word == word[:length] * (len(word) // length):
            return word[:length]
    return word


def _is_row(word: str) -> bool:
    """Whether the whole word is a row of keys or letters, from either end."""
    return len(word) >= ROW_CHARACTERS and any(word in row or word[::-1] in row for row in _ROWS)
