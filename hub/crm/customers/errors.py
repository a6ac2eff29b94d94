"""What can go wrong with customers."""

from hub.errors import Invalid, NotFound


class NoSuchCustomer(NotFound):
    """No customer by this id."""


class NoSuchAddress(NotFound):
    """The customer has no address by this id."""


class WrongKind(Invalid):
    """Only a person belongs to an organisation, and only an organisation has members."""

    code = "wrong_kind"
