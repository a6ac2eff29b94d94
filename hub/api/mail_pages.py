"""What the files origin serves: attachments, and the HTML of mails as documents that can do nothing."""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from hub.api.files import INLINE, Provider, ServedFile
from hub.api.signed import sign_path
from hub.conversations import queries
from hub.conversations.values import AttachmentView
from hub.db import Database
from hub.errors import NotFound
from hub.ids import MessageId
from hub.media import find
from hub.secrets import SecretKeys

_CID = re.compile(r'src="cid:([^"]{1,250})"', re.IGNORECASE)
_REMOTE = re.compile(r'data-remote-src="(https?://[^"]*)"', re.IGNORECASE)
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer"><base target="_blank"><style>
html{{color-scheme:light;background:#fff;color:#111}}body{{margin:12px;font:14px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}}
img{{max-width:100%;height:auto}}table{{max-width:100%}}blockquote{{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #cbd5e1;color:#475569}}
img[data-remote-src]{{display:none}}</style></head><body>{body}</body></html>"""


def providers(db: Database, keys: SecretKeys) -> dict[str, Provider]:
    """By the kind that `sign_path` was given."""

    async def attachment(what: Mapping[str, Any]) -> ServedFile:
        kind = str(what["content_type"])
        blob = await find(db, str(what["sha256"]))
        return ServedFile(
            digest=blob.digest,
            size=blob.size,
            content_type=kind,
            filename=str(what["filename"]),
            inline=kind in INLINE and kind != "text/html",
        )

    async def html(what: Mapping[str, Any]) -> ServedFile:
        return await _html(db, keys, MessageId(UUID(str(what["id"]))), remote=bool(what.get("remote")))

    return {"attachment": attachment, "html": html}


async def _html(db: Database, keys: SecretKeys, id: MessageId, *, remote: bool) -> ServedFile:
    found = await queries.html(db, id)
    if found is None:
        raise NotFound("there is no such file")
    html, files = found
    body = _CID.sub(lambda named: _inline(keys, files, named[1]), html)
    if remote:
        body = _REMOTE.sub(r'src="\1"', body)
    pictures = "'self' data: https: http:" if remote else "'self' data:"
    policy = (
        f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return ServedFile(content=_PAGE.format(body=body).encode(), content_type="text/html", inline=True, policy=policy)


def _inline(keys: SecretKeys, files: tuple[AttachmentView, ...], content_id: str) -> str:
    wanted = unquote(unescape(content_id))  # RFC 2392 §2: percent-encoded in a URL, and not in the header it names
    for file in files:
        if file.content_id == wanted:
            what = {"sha256": file.sha256, "filename": file.filename, "content_type": file.content_type}
            return f'src="{escape(sign_path(keys, "attachment", what))}"'
    return 'alt=""'
