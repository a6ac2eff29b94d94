"""Tables of tickets."""

from tortoise import fields
from tortoise.models import Model

from hub.crm.customers.models import CustomerRow


class TicketStateRow(Model):
    """The code list of states."""

    code = fields.CharField(max_length=32, primary_key=True)
    place = fields.IntField()
    name_en = fields.CharField(max_length=100)
    name_zh = fields.CharField(max_length=100)
    colour = fields.CharField(max_length=16)
    closed = fields.BooleanField()

    class Meta:
        table = "ticket_state"


class TicketRow(Model):
    """A customer's request as work."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    title = fields.CharField(max_length=300)
    description = fields.TextField()
    state_code: fields.ForeignKeyRelation[TicketStateRow] = fields.ForeignKeyField(
        "models.TicketStateRow", source_field="state", on_delete=fields.NO_ACTION, related_name="tickets"
    )
    priority = fields.CharField(max_length=16)
    assignee_id = fields.UUIDField(null=True)
    customer: fields.ForeignKeyNullableRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", null=True, on_delete=fields.NO_ACTION, related_name="tickets"
    )
    due_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    version = fields.IntField()
    created_by = fields.UUIDField(null=True)
    client_key = fields.UUIDField(null=True)
    client_digest = fields.CharField(max_length=64, null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "ticket"
        unique_together = (("created_by", "client_key"),)


class TicketStepRow(Model):
    """One change of a ticket."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    ticket: fields.ForeignKeyRelation[TicketRow] = fields.ForeignKeyField(
        "models.TicketRow", to_field="id", on_delete=fields.NO_ACTION, related_name="steps"
    )
    at = fields.DatetimeField()
    by_id = fields.UUIDField(null=True)
    by_name = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=16)
    text = fields.TextField()
    from_value = fields.TextField(null=True)
    to_value = fields.TextField(null=True)

    class Meta:
        table = "ticket_step"
