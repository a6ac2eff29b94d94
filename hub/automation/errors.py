"""What can go wrong with canned replies and macros."""

from hub.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchCannedReply(NotFound):
    """None by this id, or somebody else's own."""


class NoSuchMacro(NotFound):
    """None by this id, or somebody else's own."""


class ShortcutTaken(Conflict):
    """Another canned reply of the same holder and language has this shortcut."""

    code = "shortcut_taken"


class TitleTaken(Conflict):
    """Another macro of the same holder has this title."""

    code = "title_taken"


class NotYours(Forbidden):
    """What belongs to a team or to everybody is changed by those who may manage it."""

    code = "not_yours"


class UnfilledVariables(Invalid):
    """A text holds variables that have no value in this conversation, or that nobody knows."""

    code = "unfilled_variables"
