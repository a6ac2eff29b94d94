"""Tables of conversations."""

from tortoise import fields
from tortoise.models import Model


class ConversationRow(Model):
    """A conversation; see `lifecycle.Conversation`."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    state = fields.CharField(max_length=16)
    waiting_for = fields.CharField(max_length=16)
    waiting_since = fields.DatetimeField()
    priority = fields.CharField(max_length=16)
    subject = fields.TextField()
    channel = fields.CharField(max_length=16)
    channels: fields.JSONField[object] = fields.JSONField()
    account_id = fields.UUIDField(null=True)
    queue_id = fields.UUIDField(null=True)
    assignee_id = fields.UUIDField(null=True)
    visitor_id = fields.UUIDField(null=True)
    customer_id = fields.UUIDField(null=True)
    candidates: fields.JSONField[object] = fields.JSONField()
    participants: fields.JSONField[object] = fields.JSONField()
    follows_id = fields.UUIDField(null=True)
    link_reason = fields.CharField(max_length=32)
    snoozed_until = fields.DatetimeField(null=True)
    preview = fields.TextField()
    last_direction = fields.CharField(max_length=8)
    last_in_n = fields.BigIntField()
    last_message_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    version = fields.IntField()
    rev = fields.BigIntField()
    tags: fields.JSONField[object] = fields.JSONField()
    ticket_ids: fields.JSONField[object] = fields.JSONField()
    snooze_reason = fields.CharField(max_length=8, null=True)
    woken = fields.CharField(max_length=8, null=True)
    merged_into = fields.UUIDField(null=True)
    clock_since = fields.DatetimeField(null=True)
    clock_queue_id = fields.UUIDField(null=True)
    response_due_at = fields.DatetimeField(null=True)
    overdue_at = fields.DatetimeField(null=True)

    class Meta:
        table = "conversation"


class MessageRow(Model):
    """One entry of a conversation."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="messages"
    )
    channel = fields.CharField(max_length=16)
    account_id = fields.UUIDField(null=True)
    direction = fields.CharField(max_length=8)
    kind = fields.CharField(max_length=16)
    from_kind = fields.CharField(max_length=16, null=True)
    from_value = fields.CharField(max_length=330, null=True)
    from_name = fields.CharField(max_length=300)
    author_id = fields.UUIDField(null=True)
    recipients: fields.JSONField[object] = fields.JSONField()
    subject = fields.TextField()
    text = fields.TextField()
    reply_text = fields.TextField()
    has_html = fields.BooleanField()
    attachments: fields.JSONField[object] = fields.JSONField()
    notices: fields.JSONField[object] = fields.JSONField()
    extra: fields.JSONField[object] = fields.JSONField()
    client_key = fields.UUIDField(null=True)
    client_digest = fields.CharField(max_length=64, null=True)
    journal_id = fields.UUIDField(null=True)
    status = fields.CharField(max_length=16, null=True)
    status_detail = fields.TextField()
    failure = fields.CharField(max_length=24, null=True)
    sent_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    send_at = fields.DatetimeField(null=True)
    undo_until = fields.DatetimeField(null=True)
    xid = fields.BigIntField()

    class Meta:
        table = "message"
        unique_together = (("author_id", "client_key"),)


class MessageHtmlRow(Model):
    """The cleaned HTML of a message that has one."""

    message: fields.OneToOneRelation["MessageRow"] = fields.OneToOneField(
        "models.MessageRow", to_field="id", on_delete=fields.NO_ACTION, related_name="message_html", primary_key=True
    )
    html = fields.TextField()
    remote_images = fields.IntField()

    class Meta:
        table = "message_html"


class ThreadKeyRow(Model):
    """By what later messages are recognised as belonging to a conversation."""

    n = fields.BigIntField(primary_key=True)
    account_id = fields.UUIDField()
    key = fields.CharField(max_length=500)
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="thread_keys"
    )
    message: fields.ForeignKeyRelation["MessageRow"] = fields.ForeignKeyField(
        "models.MessageRow", to_field="id", on_delete=fields.NO_ACTION, related_name="thread_keys"
    )
    created_at = fields.DatetimeField()

    class Meta:
        table = "thread_key"


class ConversationCustomerRow(Model):
    """Whom a conversation is with."""

    n = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="conversation_customers"
    )
    customer_id = fields.UUIDField()
    linked_by = fields.UUIDField(null=True)
    linked_at = fields.DatetimeField()

    class Meta:
        table = "conversation_customer"
        unique_together = (("conversation", "customer_id"),)


class ConversationTicketRow(Model):
    """Which tickets a conversation belongs to."""

    n = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="conversation_tickets"
    )
    ticket_id = fields.UUIDField()
    linked_by = fields.UUIDField(null=True)
    linked_at = fields.DatetimeField()

    class Meta:
        table = "conversation_ticket"
        unique_together = (("conversation", "ticket_id"),)


class ConversationReadRow(Model):
    """How far a user has read."""

    n = fields.BigIntField(primary_key=True)
    user_id = fields.UUIDField()
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="conversation_reads"
    )
    read_n = fields.BigIntField()
    mentioned_n = fields.BigIntField()

    class Meta:
        table = "conversation_read"
        unique_together = (("user_id", "conversation"),)


class ConversationRatingRow(Model):
    """What the visitor thought of it, in the end."""

    conversation: fields.OneToOneRelation["ConversationRow"] = fields.OneToOneField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="conversation_rating", primary_key=True
    )
    stars = fields.IntField()
    comment = fields.TextField()
    at = fields.DatetimeField()

    class Meta:
        table = "conversation_rating"


class UploadRow(Model):
    """A file given before the message that will carry it."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.CharField(max_length=64)
    filename = fields.CharField(max_length=255)
    content_type = fields.CharField(max_length=127)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()
    keep_until = fields.DatetimeField(null=True)

    class Meta:
        table = "upload"


class DraftRow(Model):
    """What a user is writing in a conversation; content is NULL once it was sent or thrown away."""

    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="drafts"
    )
    mode = fields.CharField(max_length=8)
    content: fields.JSONField[object] = fields.JSONField(null=True)
    revision = fields.IntField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "draft"
        unique_together = (("user_id", "conversation", "mode"),)


class TagRow(Model):
    """A word that conversations are marked with."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=50)
    name_key = fields.CharField(max_length=50, unique=True)
    colour = fields.CharField(max_length=16)
    removed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tag"


class ConversationTagRow(Model):
    """Which conversations have a tag; `conversation.tags` holds the names for showing."""

    n = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="conversation_tags"
    )
    tag: fields.ForeignKeyRelation["TagRow"] = fields.ForeignKeyField(
        "models.TagRow", on_delete=fields.NO_ACTION, related_name="conversation_tags"
    )

    class Meta:
        table = "conversation_tag"
        unique_together = (("conversation", "tag"),)


class SavedViewRow(Model):
    """A filter with a name."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=100)
    scope = fields.CharField(max_length=16)
    user_id = fields.UUIDField(null=True)
    team_id = fields.UUIDField(null=True)
    wanted: fields.JSONField[object] = fields.JSONField(source_field="filter")
    sort = fields.CharField(max_length=16)
    place = fields.IntField()
    version = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "saved_view"


class BulkActionRow(Model):
    """One action on many conversations."""

    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    action: fields.JSONField[object] = fields.JSONField()
    total = fields.IntField()
    done = fields.IntField()
    failed: fields.JSONField[object] = fields.JSONField()
    undoes_id = fields.UUIDField(null=True)
    caller: fields.JSONField[object] = fields.JSONField()
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "bulk_action"


class BulkItemRow(Model):
    """One conversation of such an action, and what it was before."""

    n = fields.BigIntField(primary_key=True)
    bulk: fields.ForeignKeyRelation["BulkActionRow"] = fields.ForeignKeyField(
        "models.BulkActionRow", on_delete=fields.NO_ACTION, related_name="items"
    )
    conversation: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="bulk_items"
    )
    done = fields.BooleanField()
    before: fields.JSONField[object] = fields.JSONField(null=True)
    rev_after = fields.BigIntField(null=True)

    class Meta:
        table = "bulk_item"
        unique_together = (("bulk", "conversation"),)


class ConversationMoveRow(Model):
    """A merge or a split."""

    n = fields.BigIntField(primary_key=True)
    id = fields.UUIDField(unique=True)
    kind = fields.CharField(max_length=8)
    from_: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="moves_from", source_field="from_id"
    )
    into: fields.ForeignKeyRelation["ConversationRow"] = fields.ForeignKeyField(
        "models.ConversationRow", to_field="id", on_delete=fields.NO_ACTION, related_name="moves_into"
    )
    before: fields.JSONField[object] = fields.JSONField()
    moved_by = fields.UUIDField(null=True)
    moved_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "conversation_move"


class MovedMessageRow(Model):
    """A message that went with it."""

    n = fields.BigIntField(primary_key=True)
    move: fields.ForeignKeyRelation["ConversationMoveRow"] = fields.ForeignKeyField(
        "models.ConversationMoveRow", to_field="id", on_delete=fields.NO_ACTION, related_name="moved_messages"
    )
    message: fields.ForeignKeyRelation["MessageRow"] = fields.ForeignKeyField(
        "models.MessageRow", to_field="id", on_delete=fields.NO_ACTION, related_name="moved_messages"
    )

    class Meta:
        table = "moved_message"
        unique_together = (("move", "message"),)
