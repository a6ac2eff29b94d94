"""What is set alike for every connection to an operator, whatever is spoken on it.

A form shows the fields in the order of its class: `host` and `port` come first, the other annotations are for each protocol to place.
"""

from typing import Annotated

from hub.channels.sms.common import SmsSettings, field

Port = Annotated[int, field("connection", "Port", "端口", ge=1, le=65535)]

MaxRate = Annotated[
    int,
    field(
        "pace",
        "Messages a second",
        "每秒短信数",
        about="What the contract allows; 0 for no limit. When the operator says that it is too much, the hub slows down by itself.",
        about_zh="合同允许的速率；0 表示不限。运营商提示过快时会自动降速。",
        ge=0,
        le=10_000,
    ),
]

ResponseSeconds = Annotated[
    float,
    field(
        "pace",
        "Seconds to wait for an answer",
        "等待应答的秒数",
        about="A message without an answer by then is shown as unknown and never sent again by itself.",
        about_zh="到时仍无应答的短信显示为“结果未知”，不会自动重发。",
        ge=1,
        le=120,
    ),
]

PartsMinutes = Annotated[
    int,
    field(
        "receipts",
        "Minutes to wait for missing parts of a long message",
        "等待长短信缺失部分的分钟数",
        about="Then what came is shown, with a notice.",
        about_zh="到时显示已收到的部分，并附提示。",
        ge=1,
        le=1440,
    ),
]


class OperatorSettings(SmsSettings, kw_only=True, forbid_unknown_fields=True):
    """Where the operator is."""

    host: Annotated[str, field("connection", "Server", "服务器")] = ""
    port: Port

    @property
    def place(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"
