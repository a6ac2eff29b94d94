"""What can go wrong with what arrived."""

from hub.errors import HubError, Invalid, NotFound


class NoSuchJournalEntry(NotFound):
    """Nothing was journalled under this id."""

    code = "no_such_journal_entry"


class ParserFailed(HubError):
    """The parser process died, ran past its time or its memory, or answered nonsense."""

    code = "parser_failed"


class NothingToRead(Invalid):
    """It came in the hub's own words: there is nothing that a parser could read anew."""

    code = "nothing_to_read"
