"""Names people choose: what they may hold, and when two are the same."""

import re
import unicodedata

from hub.errors import Invalid

_USER_NAME = re.compile(r"[\w.@+-]{1,64}")


class BadName(Invalid):
    """Holds what a name may not hold, or is too long."""

    code = "bad_name"


def fold(name: str) -> str:
    """The form in which names are compared: width and letter case do not matter (RFC 8265 §3.3)."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def user_name(text: str) -> str:
    """A name to sign in with: letters of any script, digits and `. _ - + @`; raises `BadName`."""
    name = unicodedata.normalize("NFKC", text.strip())
    if not _USER_NAME.fullmatch(name) or len(fold(name)) > 64:
        raise BadName("a user name has 1 to 64 letters, digits or . _ - + @")
    return name


def title(text: str, *, longest: int = 64) -> str:
    """A name of a role or team, or a display name: one line of visible text; raises `BadName`."""
    name = " ".join(text.split())
    if not name or len(name) > longest or len(fold(name)) > longest or not name.isprintable():
        raise BadName(f"a name has 1 to {longest} characters on one line")
    return name
