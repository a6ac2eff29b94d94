"""What can go wrong with customers."""

from hub.errors import Conflict, Invalid, NotFound


class NoSuchCustomer(NotFound):
    """No customer by this id."""


class NoSuchAddress(NotFound):
    """The customer has no address by this id."""


class WrongKind(Invalid):
    """Only a person belongs to an organisation, and only an organisation has members."""

    code = "wrong_kind"


class Merged(Conflict):
    """It is only a name now for the customer it was merged into (`into_id`): that one is the one to change."""

    code = "merged"


class NotMergeable(Conflict):
    """The two cannot become one, or one cannot be separated, as they are now."""

    code = "not_mergeable"


class DifferentIdentities(Conflict):
    """Both have verified addresses of one kind and share none of them (`kinds`): somebody has to say that it is meant."""

    code = "different_identities"
