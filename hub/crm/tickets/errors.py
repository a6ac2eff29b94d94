"""What can go wrong with tickets."""

from hub.errors import Invalid, NotFound


class NoSuchTicket(NotFound):
    """No ticket by this id."""


class NoSuchState(Invalid):
    """Not in the code list of states."""

    code = "no_such_state"


class NoSuchAssignee(Invalid):
    """No user by this id, or a disabled one."""

    code = "no_such_assignee"


class NotLinkable(Invalid):
    """The customer named is not there."""

    code = "no_such_customer"
