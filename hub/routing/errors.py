"""What can go wrong with queues and offers."""

from hub.errors import Conflict, NotFound


class NoSuchQueue(NotFound):
    """There is no such queue."""

    code = "no_such_queue"


class NoSuchOffer(NotFound):
    """There is no such offer, or it was made to somebody else."""

    code = "no_such_offer"


class OfferGone(Conflict):
    """Too late: the offer ran out, or the item went elsewhere."""

    code = "offer_gone"


class QueueNameTaken(Conflict):
    """Another queue has this name."""

    code = "queue_name_taken"


class NoSuchCalendar(NotFound):
    """There is no such calendar."""

    code = "no_such_calendar"


class CalendarNameTaken(Conflict):
    """Another calendar has this name."""

    code = "calendar_name_taken"


class CalendarInUse(Conflict):
    """A queue keeps these hours."""

    code = "calendar_in_use"


class QueueInUse(Conflict):
    """The default queue cannot be deleted: something has to take what fits nowhere else."""

    code = "queue_in_use"
