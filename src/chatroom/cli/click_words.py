"""What click says by itself. Its sentences are marked here, so that they stand in the catalogues, where it finds them.

click asks gettext for them, by the domain that is current. Its marks for quotes and names ({name!r}) stay as they are.
"""

import gettext
import os

from chatroom.common.language import DOMAIN, ENGLISH, LOCALES, mark, markn, own


def translate() -> None:
    """Has click speak the language of this program. Called before it says anything."""
    language = own()
    if language is not ENGLISH:
        os.environ.setdefault("LANGUAGE", language.tag.replace("-", "_"))  # gettext knows no settings but these
        gettext.bindtextdomain(DOMAIN, LOCALES)
        gettext.textdomain(DOMAIN)


_WORDS = (
    mark("Usage:"),
    mark("Options"),
    mark("Commands"),
    mark("Positional arguments"),
    mark("Show this message and exit."),
    mark("env var: {var}"),
    mark("default: {default}"),
    mark("(dynamic)"),
    mark("required"),
    mark("Aborted!"),
    mark("Error: {message}"),
    mark("Error: invalid input"),
    mark("Error: The two entered values do not match."),
    mark("Repeat for confirmation"),
    mark("Try '{command} {option}' for help."),
    mark("Missing argument"),
    mark("Missing option"),
    mark("Missing parameter"),
    mark("Missing command."),
    mark("No such option {name!r}."),
    mark("No such command {name!r}."),
    mark("Invalid value: {message}"),
    mark("Invalid value for {param_hint}: {message}"),
    mark("Could not open file {filename!r}: {message}"),
    mark("unknown error"),
    mark("Option {name!r} does not take a value."),
    mark("{value} is not in the range {range}."),
    mark("{value!r} is not a valid {number_type}."),
    mark("{value!r} is not a valid boolean. Recognized values: {states}"),
    mark("file"),
    mark("directory"),
    mark("path"),
    mark("{name} {filename!r} is a file."),
    mark("{name} {filename!r} is a directory."),
    mark("{name} {filename!r} is not readable."),
    mark("{name} {filename!r} is not writable."),
    mark("{name} {filename!r} does not exist."),
    mark("Choose from:\n\t{choices}"),
    markn("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    markn("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    markn("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    markn("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
)
