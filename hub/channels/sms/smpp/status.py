"""What a command status (SMPP 3.4 §5.1.3) means for us."""

from enum import IntEnum

from hub.messages.states import SendFailure


class Status(IntEnum):
    """Those we give, sort or name; the names are the standard's without `ESME_`."""

    ROK = 0x00
    RINVMSGLEN = 0x01
    RINVCMDLEN = 0x02
    RINVCMDID = 0x03
    RINVBNDSTS = 0x04
    RALYBND = 0x05
    RINVPRTFLG = 0x06
    RINVREGDLVFLG = 0x07
    RSYSERR = 0x08
    RINVSRCADR = 0x0A
    RINVDSTADR = 0x0B
    RINVMSGID = 0x0C
    RBINDFAIL = 0x0D
    RINVPASWD = 0x0E
    RINVSYSID = 0x0F
    RMSGQFUL = 0x14
    RINVSERTYP = 0x15
    RINVESMCLASS = 0x43
    RSUBMITFAIL = 0x45
    RINVSRCTON = 0x48
    RINVSRCNPI = 0x49
    RINVDSTTON = 0x50
    RINVDSTNPI = 0x51
    RINVSYSTYP = 0x53
    RTHROTTLED = 0x58
    RINVSCHED = 0x61
    RINVEXPIRY = 0x62
    RX_T_APPN = 0x64
    RX_P_APPN = 0x65
    RX_R_APPN = 0x66
    RQUERYFAIL = 0x67
    RINVTLVSTREAM = 0xC0
    RTLVNOTALLWD = 0xC1
    RINVTLVLEN = 0xC2
    RMISSINGTLV = 0xC3
    RINVTLVVAL = 0xC4
    RDELIVERYFAILURE = 0xFE
    RUNKNOWNERR = 0xFF


_FAILURES: dict[int, SendFailure] = {
    Status.RTHROTTLED: SendFailure.THROTTLED,
    Status.RMSGQFUL: SendFailure.THROTTLED,
    Status.RSYSERR: SendFailure.UNAVAILABLE,
    Status.RX_T_APPN: SendFailure.UNAVAILABLE,
    Status.RINVBNDSTS: SendFailure.UNAVAILABLE,
    Status.RALYBND: SendFailure.UNAVAILABLE,  # an old connection that the centre has not yet missed
    Status.RINVDSTADR: SendFailure.BAD_RECIPIENT,
    Status.RINVMSGLEN: SendFailure.BAD_CONTENT,
    Status.RINVTLVLEN: SendFailure.BAD_CONTENT,
    Status.RINVTLVVAL: SendFailure.BAD_CONTENT,
    Status.RTLVNOTALLWD: SendFailure.UNSUPPORTED,
    Status.RINVESMCLASS: SendFailure.UNSUPPORTED,
    Status.RINVSRCADR: SendFailure.BAD_SETTINGS,
    Status.RINVSERTYP: SendFailure.BAD_SETTINGS,
    Status.RINVSRCTON: SendFailure.BAD_SETTINGS,
    Status.RINVSRCNPI: SendFailure.BAD_SETTINGS,
    Status.RINVDSTTON: SendFailure.BAD_SETTINGS,
    Status.RINVDSTNPI: SendFailure.BAD_SETTINGS,
    Status.RINVREGDLVFLG: SendFailure.BAD_SETTINGS,
    Status.RINVSYSTYP: SendFailure.BAD_SETTINGS,
    Status.RBINDFAIL: SendFailure.BAD_CREDENTIALS,
    Status.RINVPASWD: SendFailure.BAD_CREDENTIALS,
    Status.RINVSYSID: SendFailure.BAD_CREDENTIALS,
}


def failure_of(status: int) -> SendFailure:
    """How a refusal is sorted; an operator's own codes (0x400 and above) are about the one message."""
    return _FAILURES.get(status, SendFailure.REJECTED)


def name_of(status: int) -> str:
    """As people look it up: `ESME_RTHROTTLED`, or the number."""
    known = Status._value2member_map_.get(status)
    return f"ESME_{known.name}" if known else f"0x{status:08X}"
