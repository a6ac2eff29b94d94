"""What can go wrong with a conversation."""

from hub.errors import Conflict, Invalid, NotFound


class NoSuchConversation(NotFound):
    """Not there, or not for this caller."""

    code = "no_such_conversation"


class NoSuchAgent(Invalid):
    """Nobody can be given a conversation under this id: not there, or disabled."""

    code = "no_such_agent"


class NoSuchMessage(NotFound):
    """Not there, or in a conversation that is not for this caller."""

    code = "no_such_message"


class NoSuchUpload(Invalid):
    """A file that was not uploaded, by somebody else, or too long ago."""

    code = "no_such_upload"


class NotOver(Conflict):
    """It is rated when it has ended."""

    code = "not_over"
