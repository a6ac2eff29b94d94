"""Why something is not sent."""

from hub.errors import Conflict, Forbidden, Invalid


class Refused(Invalid):
    """The consent gate or the channel refuses it: `extra["refusals"]` are the codes, `extra["allowed"]` the channels left."""

    code = "refused"


class NewerReply(Conflict):
    """A colleague answered after what the sender had seen: `extra["message_id"]` and `extra["by"]` name that answer."""

    code = "newer_reply"


class AlreadyLeft(Conflict):
    """It cannot be taken back any more."""

    code = "already_left"


class NotItsAuthor(Forbidden):
    """Only who wrote a message takes it back."""

    code = "not_its_author"


class NothingToRetry(Conflict):
    """No delivery of this message failed or is unknown."""

    code = "nothing_to_retry"


class NothingToSend(Conflict):
    """There is nothing yet that a transcript could hold."""

    code = "nothing_to_send"
