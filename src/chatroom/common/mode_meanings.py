"""What the modes of a room mean while they are in force: for the sentences of the server and of the client."""

from chatroom.common.language import mark

# By the letter; {whom} is the parameter.
MEANINGS = {
    "i": mark("only who is invited comes in"),
    "k": mark("it has a key"),
    "l": mark("at most {whom} people come in"),
    "m": mark("only operators and those with a voice speak"),
    "n": mark("only those speak who are in it"),
    "t": mark("only operators set the topic"),
    "s": mark("it is in no list"),
    "W": mark("one message every {whom} seconds"),
    "C": mark("no messages for programs (CTCP)"),
}
