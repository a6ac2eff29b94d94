"""What can go wrong with a conversation."""

from hub.errors import Conflict, Invalid, NotFound
from hub.ids import ConversationId


class NoSuchConversation(NotFound):
    """Not there, or not for this caller."""

    code = "no_such_conversation"


class Merged(Conflict):
    """It is only a name now for the conversation it was merged into (`into_id`)."""

    code = "merged"

    @classmethod
    def into(cls, id: ConversationId) -> "Merged":
        """Naming the one that holds its messages."""
        return cls("this conversation was merged into another", into_id=str(id))


class NoSuchAgent(Invalid):
    """Nobody can be given a conversation under this id: not there, or disabled."""

    code = "no_such_agent"


class NoSuchMessage(NotFound):
    """Not there, or in a conversation that is not for this caller."""

    code = "no_such_message"


class NoSuchDraft(NotFound):
    """The caller is writing nothing there."""

    code = "no_such_draft"


class NoSuchUpload(Invalid):
    """A file that was not uploaded, by somebody else, or too long ago."""

    code = "no_such_upload"


class NotOver(Conflict):
    """It is rated when it has ended."""

    code = "not_over"


class NoSuchTag(NotFound):
    """No tag under this id or name."""

    code = "no_such_tag"


class TagNameTaken(Conflict):
    """Tags are told apart by their names."""

    code = "name_taken"


class NoSuchView(NotFound):
    """Not there, or another user's own."""

    code = "no_such_view"


class NoSuchBulk(NotFound):
    """Not there, or another user's."""

    code = "no_such_bulk"


class NotUndoable(Conflict):
    """Still at work, or an undoing itself, or undone before."""

    code = "not_undoable"


class NotMergeable(Conflict):
    """The two cannot become one, or one cannot become two, as they are now."""

    code = "not_mergeable"
