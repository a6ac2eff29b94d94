"""Tables of the ledger."""

from tortoise import fields
from tortoise.models import Model


class DeliveryRow(Model):
    """One message on its way to one address."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    message: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.MessageRow", to_field="id", on_delete=fields.NO_ACTION, related_name="deliverys"
    )
    conversation_id = fields.UUIDField()
    account_id = fields.UUIDField()
    channel = fields.CharField(max_length=16)
    address_kind = fields.CharField(max_length=16)
    address_value = fields.CharField(max_length=330)
    address_name = fields.CharField(max_length=300)
    role = fields.CharField(max_length=4)
    state = fields.CharField(max_length=16)
    failure = fields.CharField(max_length=24, null=True)
    detail = fields.TextField()
    warning = fields.TextField()
    attempts = fields.IntField()
    due_at = fields.DatetimeField()
    give_up_at = fields.DatetimeField()
    lease_until = fields.DatetimeField(null=True)
    fence = fields.BigIntField()
    provider_ids: fields.JSONField[object] = fields.JSONField()
    consent: fields.JSONField[object] = fields.JSONField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "delivery"


class DeliveryAttemptRow(Model):
    """One try."""

    n = fields.BigIntField(primary_key=True)
    delivery: fields.ForeignKeyRelation["DeliveryRow"] = fields.ForeignKeyField(
        "models.DeliveryRow", to_field="id", on_delete=fields.NO_ACTION, related_name="delivery_attempts"
    )
    number = fields.IntField()
    fence = fields.BigIntField()
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    outcome = fields.CharField(max_length=16)
    failure = fields.CharField(max_length=24, null=True)
    provider_code = fields.CharField(max_length=64)
    detail = fields.TextField()

    class Meta:
        table = "delivery_attempt"
        unique_together = (("delivery", "number"),)


class DeliveryReportRow(Model):
    """What was said about a delivery later."""

    id = fields.UUIDField(primary_key=True)
    delivery: fields.ForeignKeyRelation["DeliveryRow"] = fields.ForeignKeyField(
        "models.DeliveryRow", to_field="id", on_delete=fields.NO_ACTION, related_name="delivery_reports"
    )
    at = fields.DatetimeField()
    state = fields.CharField(max_length=16)
    source = fields.CharField(max_length=32)
    failure = fields.CharField(max_length=24, null=True)
    provider_code = fields.CharField(max_length=64)
    detail = fields.TextField()
    provider_id = fields.CharField(max_length=255)

    class Meta:
        table = "delivery_report"


class DeliveryPartRow(Model):
    """One part of a delivery, as its provider knows it."""

    n = fields.BigIntField(primary_key=True)
    account_id = fields.UUIDField()
    provider_id = fields.CharField(max_length=255)
    delivery: fields.ForeignKeyRelation["DeliveryRow"] = fields.ForeignKeyField(
        "models.DeliveryRow", to_field="id", on_delete=fields.NO_ACTION, related_name="delivery_parts"
    )

    class Meta:
        table = "delivery_part"


class OptOutRow(Model):
    """Somebody who wants nothing more from us on a channel."""

    id = fields.UUIDField(primary_key=True)
    channel = fields.CharField(max_length=16)
    address_kind = fields.CharField(max_length=16)
    address_value = fields.CharField(max_length=330)
    sender = fields.CharField(max_length=330)
    account_id = fields.UUIDField()
    word = fields.CharField(max_length=100)
    journal_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    ended_by = fields.UUIDField(null=True)
    ended_by_name = fields.CharField(max_length=200)
    ended_why = fields.CharField(max_length=500)

    class Meta:
        table = "opt_out"


class EarlyReportRow(Model):
    """A report that came before the answer by which it could be understood."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    provider_id = fields.CharField(max_length=255)
    report: fields.JSONField[object] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "early_report"


class ExchangeRow(Model):
    """A redacted request to a provider, and its answer."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    message_id = fields.UUIDField(null=True)
    at = fields.DatetimeField()
    duration = fields.FloatField()
    request = fields.TextField()
    response = fields.TextField()

    class Meta:
        table = "exchange"


class SuppressionRow(Model):
    """An address that must not be used."""

    id = fields.UUIDField(primary_key=True)
    address_kind = fields.CharField(max_length=16)
    address_value = fields.CharField(max_length=330)
    reason = fields.CharField(max_length=32)
    evidence = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "suppression"
        unique_together = (("address_kind", "address_value"),)


class HeldMessageRow(Model):
    """A message that has not left yet: until then its author may take it back."""

    message: fields.OneToOneRelation[Model] = fields.OneToOneField(
        "models.MessageRow", to_field="id", on_delete=fields.NO_ACTION, related_name="held_message", primary_key=True
    )
    release_at = fields.DatetimeField()
    only_to = fields.CharField(max_length=330, null=True)
    plan: fields.JSONField[object] = fields.JSONField()

    class Meta:
        table = "held_message"
