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


class QueueInUse(Conflict):
    """The default queue cannot be deleted: something has to take what fits nowhere else."""

    code = "queue_in_use"
