"""Identifiers: UUIDv7 (RFC 9562 §5.7), one `NewType` a thing so that they cannot be mixed up."""

from typing import NewType
from uuid import UUID

from uuid_utils import compat

UserId = NewType("UserId", UUID)
TeamId = NewType("TeamId", UUID)
RoleId = NewType("RoleId", UUID)
CustomerId = NewType("CustomerId", UUID)
TicketId = NewType("TicketId", UUID)
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
AttachmentId = NewType("AttachmentId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
AccountId = NewType("AccountId", UUID)
QueueId = NewType("QueueId", UUID)
CalendarId = NewType("CalendarId", UUID)
VisitorId = NewType("VisitorId", UUID)
OfferId = NewType("OfferId", UUID)
JournalId = NewType("JournalId", UUID)


def new_id() -> UUID:
    """A fresh UUIDv7: unique, and in order of making within one process."""
    return compat.uuid7()
