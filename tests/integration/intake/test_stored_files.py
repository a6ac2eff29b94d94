"""Files that were uploaded before the message that carries them."""

from uuid import uuid4

import pytest

from hub import clock
from hub.channels.contract import Handover
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.events import InboundMessage
from tests.fixtures.desk import Desk


async def test_a_visitors_file_is_named_by_the_message_and_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await desk.hub.uploads.add(b"hello", filename="a.txt", owner="visitor", limit=100)
    stored = await desk.hub.uploads.take([upload.id], owner="visitor")
    for way in ("read", "open", "put"):
        monkeypatch.setattr(desk.hub.media, way, None)

    visitor = Address(kind=AddressKind.VISITOR, value=str(uuid4()))
    message = InboundMessage(channel=ChannelKind.WEBCHAT, sender=visitor, text="See the file", stored=stored)
    handover = Handover(key="k", raw=b"{}", events=[message], received_at=clock.now())
    await desk.hub.intake.accept(await desk.mailbox(), handover)

    (filed,) = await desk.filed(1)
    (file,) = filed["attachments"]
    assert (file["filename"], file["sha256"], file["size"]) == ("a.txt", upload.sha256, 5)
