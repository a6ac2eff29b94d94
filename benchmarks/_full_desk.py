"""A desk with years of messages, written straight into PostgreSQL: half Chinese, half English, words as unequal as in life."""

import random
from collections.abc import Iterator

import asyncpg

from hub.messages.grams import document

TEXTS = 20_000
COMMON, MID, RARE = 0, 300, 4_000  # places in the order of frequency where words of each class begin
_PARTS = (
    ("ba co di fu ga he ji ko lu ma ne po qui ra so tu va wo xe zi").split(),
    ("ban cer dol fin gar hel jin kor lun mar").split(),
    ("a e i o u an en in on un ar er ir or ur").split(),
)
WORDS = [a + b + c for c in _PARTS[2] for b in _PARTS[1] for a in _PARTS[0]] + [
    a + b + c + d for d in _PARTS[0] for c in _PARTS[2] for b in _PARTS[1] for a in _PARTS[0][:1]
]
HAN = [chr(0x4E00 + 7 * place % 3_000) for place in range(3_000)]

_CONVERSATIONS = """
INSERT INTO conversation (id, state, waiting_for, waiting_since, priority, subject, channel, channels, account_id, queue_id,
    assignee_id, customer_id, candidates, participants, link_reason, preview, last_direction, last_in_n, last_message_at, created_at,
    updated_at, version)
SELECT gen_random_uuid(), CASE WHEN g % 10 < 8 THEN 'closed' WHEN g % 10 = 8 THEN 'snoozed' ELSE 'open' END,
    CASE WHEN g % 2 = 0 THEN 'us' ELSE 'customer' END, now() - g * interval '1 minute', 'normal', 'Conversation ' || g, 'email',
    '["email"]', NULL, NULL, NULL, NULL, '[]', jsonb_build_array('c' || g || '@example.com'), 'new', 'The last thing that was said',
    'in', 0, now() - g * interval '1 minute', now() - g * interval '2 minutes', now() - g * interval '1 minute', 3
FROM generate_series(1, $1::int) g"""
_MESSAGES = """
INSERT INTO message (id, conversation_id, channel, direction, kind, from_kind, from_value, from_name, recipients, subject, text,
    reply_text, has_html, attachments, notices, extra, status_detail, created_at, grams)
SELECT gen_random_uuid(), c.id, 'email', CASE WHEN g % 2 = 0 THEN 'in' ELSE 'out' END, 'message', 'email', 'c@example.com', 'Customer',
    '{}', 'Question', t.text, t.text, false, '[]', '[]', '{}', '', now() - ($1::int - g) * interval '1 second', t.grams
FROM generate_series(1, $1::int) g JOIN b_text t ON t.n = 1 + g::bigint * 7919 % $2 JOIN b_place c ON c.n = 1 + g::bigint * 104729 % $3"""
_SET_ASIDE = ("message_grams", "message_channel", "message_conversation")


async def fill(url: str, *, messages: int, conversations: int) -> None:
    """Write them; the indexes are made afterwards, which is several times faster."""
    connection = await asyncpg.connect(url, command_timeout=600)
    indexes = await connection.fetch("SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY($1)", list(_SET_ASIDE))
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    await connection.execute("CREATE UNLOGGED TABLE b_text (n bigint PRIMARY KEY, text text, grams tsvector)")
    await connection.execute("CREATE UNLOGGED TABLE b_raw (n bigint, text text, grams text)")
    await connection.copy_records_to_table("b_raw", records=list(_texts()))
    await connection.execute("INSERT INTO b_text SELECT n, text, grams::tsvector FROM b_raw")
    await connection.execute(_CONVERSATIONS, conversations)
    await connection.execute("CREATE UNLOGGED TABLE b_place AS SELECT row_number() OVER (ORDER BY n) AS n, id FROM conversation")
    await connection.execute("ANALYZE b_text, b_place")
    await connection.execute(_MESSAGES, messages, TEXTS, conversations)
    await connection.execute("SET maintenance_work_mem = '1GB'")
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute("DROP TABLE b_raw, b_text, b_place")
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
    await connection.close()


def _texts() -> Iterator[tuple[int, str, str]]:
    chance = random.Random(5)
    for number in range(1, TEXTS + 1):
        if number % 2:
            text = " ".join(_pick(chance, WORDS) for _ in range(30 + number % 20))
        else:
            text = "".join(_pick(chance, HAN) + ("，" if place % 9 == 8 else "") for place in range(60 + number % 40))
        yield number, text, document(text, "postgres")


def _pick(chance: random.Random, words: list[str]) -> str:
    return words[int(len(words) * chance.random() ** 4)]
