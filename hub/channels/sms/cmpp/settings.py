"""What an administrator sets for one connection to a CMPP gateway. Imports no library of anybody."""

from typing import Annotated, Literal

from hub.channels.sms.common import field
from hub.channels.sms.operator_settings import MaxRate, OperatorSettings, PartsMinutes, Port, ResponseSeconds


class CmppSettings(OperatorSettings, kw_only=True, forbid_unknown_fields=True):
    """One account at a gateway. `sender` is the access number (Src_Id) without the extension."""

    port: Port = 7890
    version: Annotated[
        Literal["2.0", "3.0"],
        field(
            "connection",
            "Version of CMPP",
            "CMPP 版本",
            about="As the operator says; most say 2.0.",
            about_zh="以运营商说明为准，多为 2.0。",
        ),
    ] = "2.0"
    sp_id: Annotated[
        str,
        field("connection", "Enterprise code (SP_Id)", "企业代码（SP_Id）", pattern=r"^[!-~]*$", max_length=6),
    ] = ""
    shared_secret: Annotated[
        str, field("connection", "Password (shared secret)", "密码（共享密钥）", secret=True, max_length=100)
    ] = ""

    extension: Annotated[
        str,
        field(
            "numbers",
            "Extension of the access number",
            "接入号扩展码",
            about="Digits put behind the access number; what customers answer comes back to the whole.",
            about_zh="附加在接入号之后的数字；客户的回复会发往完整号码。",
            pattern=r"^[0-9]*$",
            max_length=15,
        ),
    ] = ""
    service_id: Annotated[
        str,
        field("numbers", "Service code (Service_Id)", "业务代码（Service_Id）", pattern=r"^[!-~]*$", max_length=10),
    ] = ""
    country_code: Annotated[
        bool,
        field(
            "numbers",
            "Recipients with 86 in front",
            "收件号码带 86",
            about="Most gateways want 13800138000.",
            about_zh="多数网关要求 13800138000。",
        ),
    ] = False
    fee_user: Annotated[
        Literal["recipient", "sender", "enterprise"],
        field("fees", "Who pays (Fee_UserType)", "计费对象（Fee_UserType）"),
    ] = "enterprise"
    fee_type: Annotated[
        Literal["01", "02", "03"],
        field(
            "fees",
            "Kind of fee (FeeType)",
            "资费类别（FeeType）",
            about="01 free to the one who pays, 02 a fee for each message, 03 by the month.",
            about_zh="01 对计费用户免费，02 按条计费，03 包月。",
        ),
    ] = "01"
    fee_code: Annotated[
        str, field("fees", "Fee in hundredths of a yuan (FeeCode)", "资费代码，单位分（FeeCode）", pattern=r"^[0-9]{1,6}$")
    ] = "000000"

    window: Annotated[
        int,
        field(
            "pace",
            "Messages without an answer at a time",
            "未应答短信数（窗口）",
            about="The specification says 16.",
            about_zh="规范为 16 条。",
            ge=1,
            le=500,
        ),
    ] = 16
    max_rate: MaxRate = 0
    response_seconds: ResponseSeconds = 60.0
    test_seconds: Annotated[
        float,
        field(
            "pace",
            "Seconds between two tests of the link (ACTIVE_TEST)",
            "链路检测间隔（秒，ACTIVE_TEST）",
            about="After three without an answer the hub connects anew.",
            about_zh="连续三次无应答则重新连接。",
            ge=0.05,
            le=600,
        ),
    ] = 60.0
    parts_minutes: PartsMinutes = 15
