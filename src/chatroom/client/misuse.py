"""What a command that the user typed raises instead of being carried out."""


class Misuse(Exception):  # noqa: N818 (it is the user's, and not an error of the program)
    """The command can't be carried out as typed; the text says what is missing."""


class Unconfirmed(Misuse):
    """The user has to know something first; the same line again is carried out."""


class EndProgram(Exception):  # noqa: N818 (it is no error)
    """The user wants to end the program."""
