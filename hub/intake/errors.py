"""What can go wrong with what arrived."""

from hub.errors import HubError, NotFound


class NoSuchJournalEntry(NotFound):
    """Nothing was journalled under this id."""

    code = "no_such_journal_entry"


class ParserFailed(HubError):
    """The parser process died, ran past its time or its memory, or answered nonsense."""

    code = "parser_failed"
