"""Canned replies: texts to answer with, called up by a shortcut. Variables in them are filled in where they are used."""

import re
from dataclasses import dataclass, replace
from typing import Any

from hub.automation.errors import NoSuchCannedReply, ShortcutTaken
from hub.automation.policy import Scope
from hub.automation.shelf import Kept, Shelf
from hub.channels.email.html import clean_html
from hub.db import Row
from hub.errors import Invalid
from hub.ids import TeamId
from hub.messages import plain

_SHORTCUT = re.compile(r"[^\s/]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedText:
    """What a canned reply says, and who has it. `html` is for mail; without it mail takes the text."""

    shortcut: str
    title: str
    text: str
    html: str | None
    locale: str  # empty: for every language
    scope: Scope
    team_id: TeamId | None = None


CannedReply = Kept[CannedText]


class CannedReplies(Shelf[CannedText]):
    """Verbs on canned replies, for whoever may."""

    kind = "canned_reply"
    columns = ("shortcut", "title", "text", "html", "locale")
    order = "shortcut, locale"
    unknown = NoSuchCannedReply
    taken = ShortcutTaken

    def _cleaned(self, new: CannedText) -> CannedText:
        shortcut = plain.line(new.shortcut, 64).lower()
        if not _SHORTCUT.fullmatch(shortcut):
            raise Invalid("a shortcut has 1 to 64 characters, no blank and no /", path="shortcut")
        html = clean_html(new.html)[0] if new.html else None
        text, title = plain.block(new.text, 20_000), plain.line(new.title, 200)
        if not title or not (text or html):
            raise Invalid("a canned reply has a title and a text")
        return replace(new, shortcut=shortcut, title=title, text=text, html=html)

    def _values(self, content: CannedText) -> tuple[Any, ...]:
        return content.shortcut, content.title, content.text, content.html, content.locale

    def _content(self, row: Row, scope: Scope, team_id: TeamId | None) -> CannedText:
        return CannedText(**{name: row[name] for name in self.columns}, scope=scope, team_id=team_id)

    def _told(self, content: CannedText) -> dict[str, Any]:
        return {"shortcut": content.shortcut, "title": content.title}
