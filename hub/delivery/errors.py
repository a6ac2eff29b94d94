"""Why something is not sent."""

from hub.errors import Conflict, Invalid, NotFound


class Refused(Invalid):
    """The consent gate or the channel refuses it: `extra["refusals"]` are the codes, `extra["allowed"]` the channels left."""

    code = "refused"


class NoSuchDelivery(NotFound):
    """Not there, or not for this caller."""

    code = "no_such_delivery"


class NothingToRetry(Conflict):
    """No delivery of this message failed or is unknown."""

    code = "nothing_to_retry"


class NothingToSend(Conflict):
    """There is nothing yet that a transcript could hold."""

    code = "nothing_to_send"
