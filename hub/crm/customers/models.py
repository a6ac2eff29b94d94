"""Tables of customers."""

from tortoise import fields
from tortoise.models import Model


class CustomerRow(Model):
    """A person or an organisation."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    kind = fields.CharField(max_length=16)
    name = fields.CharField(max_length=300)
    level = fields.CharField(max_length=16)
    sex = fields.CharField(max_length=16, null=True)
    company = fields.CharField(max_length=300)
    title = fields.CharField(max_length=200)
    postal_address = fields.TextField()
    locale = fields.CharField(max_length=16)
    note = fields.TextField()
    unconfirmed = fields.BooleanField()
    version = fields.IntField()
    created_by = fields.UUIDField(null=True)
    client_key = fields.UUIDField(null=True)
    client_digest = fields.CharField(max_length=64, null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    kept: fields.ForeignKeyNullableRelation["CustomerRow"] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", null=True, on_delete=fields.NO_ACTION, related_name="merged"
    )

    class Meta:
        table = "customer"
        unique_together = (("created_by", "client_key"),)


class CustomerAddressRow(Model):
    """One way to reach a customer."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    customer: fields.ForeignKeyRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", on_delete=fields.NO_ACTION, related_name="addresses"
    )
    kind = fields.CharField(max_length=16)
    value = fields.CharField(max_length=330)
    label = fields.CharField(max_length=100)
    verified_at = fields.DatetimeField(null=True)
    is_primary = fields.BooleanField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer_address"
        unique_together = (("customer", "kind", "value"),)


class CustomerRefusalRow(Model):
    """A channel the customer refuses, or refused until `ended_at`."""

    n = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", on_delete=fields.NO_ACTION, related_name="refusals"
    )
    channel = fields.CharField(max_length=16)
    reason = fields.TextField()
    by_id = fields.UUIDField(null=True)
    by_name = fields.CharField(max_length=200)
    at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    ended_by_id = fields.UUIDField(null=True)
    ended_by_name = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "customer_refusal"


class CustomerMemberRow(Model):
    """A person belongs to an organisation."""

    n = fields.BigIntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", on_delete=fields.NO_ACTION, related_name="members"
    )
    person: fields.ForeignKeyRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", on_delete=fields.NO_ACTION, related_name="organisations"
    )
    title = fields.CharField(max_length=200)
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer_member"
        unique_together = (("organisation", "person"),)


class CustomerMergeRow(Model):
    """One customer was found under another from `merged_at` on, until `undone_at`. `taken`: fields given to it then, by name."""

    n = fields.BigIntField(primary_key=True)
    from_: fields.ForeignKeyRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", on_delete=fields.NO_ACTION, related_name="merges_from", source_field="from_id"
    )
    into: fields.ForeignKeyRelation[CustomerRow] = fields.ForeignKeyField(
        "models.CustomerRow", to_field="id", on_delete=fields.NO_ACTION, related_name="merges_into"
    )
    taken: fields.JSONField[object] = fields.JSONField()
    merged_by = fields.UUIDField(null=True)
    merged_by_name = fields.CharField(max_length=200)
    merged_at = fields.DatetimeField()
    undone_by = fields.UUIDField(null=True)
    undone_by_name = fields.CharField(max_length=200, null=True)
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "customer_merge"
