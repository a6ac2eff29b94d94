"""Tables of queues, presence and offers."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class CalendarRow(Model):
    """Business hours."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=100)
    name_key = fields.CharField(max_length=100, unique=True)
    timezone = fields.CharField(max_length=64)
    week: Any = fields.JSONField()
    holidays: Any = fields.JSONField()
    version = fields.IntField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "calendar"


class QueueRow(Model):
    """A queue. Until somebody edits its members, everybody who may answer is one of the default queue's."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=100)
    name_key = fields.CharField(max_length=100, unique=True)
    strategy = fields.CharField(max_length=16)
    offer_seconds = fields.IntField()
    priority = fields.IntField()
    weights: Any = fields.JSONField()
    is_default = fields.BooleanField()
    members_edited = fields.BooleanField()
    version = fields.IntField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    calendar: fields.ForeignKeyNullableRelation[CalendarRow] = fields.ForeignKeyField(
        "models.CalendarRow", null=True, on_delete=fields.NO_ACTION
    )
    first_response_minutes = fields.IntField(null=True)
    next_response_minutes = fields.IntField(null=True)
    after_hours: Any = fields.JSONField(default={})

    class Meta:
        table = "queue"


class QueueMemberRow(Model):
    """A user works a queue."""

    n = fields.BigIntField(primary_key=True)
    queue: fields.ForeignKeyRelation[QueueRow] = fields.ForeignKeyField("models.QueueRow", on_delete=fields.NO_ACTION)
    user: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)

    class Meta:
        table = "queue_member"
        unique_together = (("queue_id", "user_id"),)


class AgentPresenceRow(Model):
    """How an agent wants to be seen."""

    user: fields.OneToOneRelation[Model] = fields.OneToOneField("models.AuthUser", primary_key=True, on_delete=fields.NO_ACTION)
    state = fields.CharField(max_length=16)
    since = fields.DatetimeField()
    capacity = fields.IntField()
    seen_at = fields.DatetimeField()
    idle_since = fields.DatetimeField()
    offered_at = fields.DatetimeField(null=True)
    returned = fields.BooleanField()
    until = fields.DatetimeField(null=True)

    class Meta:
        table = "agent_presence"


class AgentLinkRow(Model):
    """An open page of an agent, in one process."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    process_id = fields.UUIDField()
    seen_at = fields.DatetimeField()

    class Meta:
        table = "agent_link"


class OfferRow(Model):
    """One item proposed to one agent."""

    id = fields.UUIDField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION
    )
    queue_id = fields.UUIDField()
    user: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField("models.AuthUser", on_delete=fields.NO_ACTION)
    weight = fields.IntField()
    state = fields.CharField(max_length=16)
    made_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "offer"


class AfterHoursAnswerRow(Model):
    """A conversation had the after-hours answer for one closed time."""

    n = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION
    )
    closed_since = fields.DatetimeField()
    at = fields.DatetimeField()

    class Meta:
        table = "after_hours_answer"
        unique_together = (("conversation_id", "closed_since"),)
