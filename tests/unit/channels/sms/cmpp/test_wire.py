"""CMPP octets: equal to what another implementation publishes, and refused where they are not CMPP."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms.cmpp.messages import (
    Deliver,
    Format,
    Report,
    Submit,
    decode_deliver,
    decode_report,
    decode_submit,
)
from hub.channels.sms.cmpp.octets import V2, V3
from hub.channels.sms.cmpp.wire import (
    RESPONSE,
    Answer,
    Command,
    Connect,
    ConnectAnswer,
    Pdu,
    answer_digest,
    decode_answer,
    decode_connect,
    decode_connect_answer,
    digest,
    frames,
)
from hub.channels.sms.framing import BadPdu, OutOfStep

DATA = Path(__file__).parents[4] / "data/cmpp/gocmpp.json"
PUBLISHED: dict[str, bytes] = {name: bytes.fromhex(text) for name, text in json.loads(DATA.read_text()).items()}
AUTHENTICATOR = digest("900001", "888888", 1021080510)
SUBMIT = Submit(
    source="900001",
    sp_id="900001",
    destinations=("13500002696",),
    content="测试gocmpp submit".encode("utf-16-be"),
    format=Format.UCS2,
    service="test",
    fee_number="13500002696",
    valid_until="151105131555101+",
)
MO = Deliver(msg_id=13025908756704198656, destination="900001", source="13412340000", content=b"This is a test MO.")
REPORT = Report(
    msg_id=13025908756704198656,
    word="DELIVRD",
    submitted="1511120955",
    done="1511120957",
    destination="13412340000",
    smsc_sequence=0x12345678,
)
MO_2 = Deliver(msg_id=13052947396898652160, destination="900001", source="13412340000", content=b"This is a test MO.")


def packet(command: int, sequence: int, body: bytes = b"") -> bytes:
    return Pdu(command=command, sequence=sequence, body=body).encode()


def connect_answer(version: int, asked: int) -> bytes:
    answer = ConnectAnswer(result=0, authenticator=answer_digest(0, AUTHENTICATOR, "888888", asked), version=version)
    return packet(Command.CONNECT | RESPONSE, 0x17, answer.encode(asked))


OURS = {
    "connect": packet(
        Command.CONNECT,
        0x17,
        Connect(sp_id="900001", authenticator=AUTHENTICATOR, version=0x21, timestamp=1021080510).encode(),
    ),
    "connect_answer_2": connect_answer(0x21, V2),
    "connect_answer_3": connect_answer(0x30, V3),
    "submit_2": packet(Command.SUBMIT, 0x17, SUBMIT.encode(V2)),
    "submit_3": packet(Command.SUBMIT, 0x17, SUBMIT.encode(V3)),
    "submit_answer_2": packet(Command.SUBMIT | RESPONSE, 0x17, Answer(msg_id=12878564852733378560).encode(V2)),
    "submit_answer_3": packet(Command.SUBMIT | RESPONSE, 0x17, Answer(msg_id=12878564852733378560).encode(V3)),
    "deliver_2": packet(Command.DELIVER, 5, MO_2.encode(V2)),
    "deliver_3": packet(Command.DELIVER, 1, MO.encode(V3)),
    "deliver_answer_2": packet(Command.DELIVER | RESPONSE, 5, Answer(msg_id=MO_2.msg_id).encode(V2)),
    "deliver_answer_3": packet(Command.DELIVER | RESPONSE, 1, Answer(msg_id=MO.msg_id).encode(V3)),
    "report_2": REPORT.encode(V2),
    "active_test": packet(Command.ACTIVE_TEST, 0x17),
    "active_test_answer": packet(Command.ACTIVE_TEST | RESPONSE, 0x17, b"\0"),
    "terminate": packet(Command.TERMINATE, 0x17),
    "terminate_answer": packet(Command.TERMINATE | RESPONSE, 0x17),
}


@pytest.mark.covers("S-01", "S-02")
@pytest.mark.parametrize("name", PUBLISHED)
def test_what_we_write_is_what_another_implementation_publishes(name: str) -> None:
    assert OURS[name].hex() == PUBLISHED[name].hex()


def test_every_published_packet_is_read_back() -> None:
    whole = {name: octets for name, octets in PUBLISHED.items() if name != "report_2"}
    pdus = dict(zip(whole, frames().feed(b"".join(whole.values())), strict=True))

    assert decode_connect(pdus["connect"].body).authenticator == AUTHENTICATOR
    assert [decode_connect_answer(pdus[f"connect_answer_{n}"].body).result for n in (2, 3)] == [0, 0]
    assert [decode_submit(pdus[name].body, version) for name, version in (("submit_2", V2), ("submit_3", V3))] == [SUBMIT] * 2
    assert decode_deliver(pdus["deliver_2"].body, V2) == MO_2
    assert decode_deliver(pdus["deliver_3"].body, V3) == MO
    assert [decode_answer(pdus[f"submit_answer_{n}"].body).msg_id for n in (2, 3)] == [12878564852733378560] * 2
    assert decode_report(PUBLISHED["report_2"]) == REPORT


def test_a_report_of_the_new_version_may_come_in_the_old_form() -> None:
    assert decode_report(REPORT.encode(V3)) == decode_report(REPORT.encode(V2)) == REPORT


@pytest.mark.parametrize("pieces", [1, 3, 11])
def test_a_stream_is_cut_wherever_it_was_broken(pieces: int) -> None:
    stream = PUBLISHED["submit_3"] + PUBLISHED["active_test"] + PUBLISHED["deliver_2"]
    reading = frames()

    found = [pdu for at in range(0, len(stream), pieces) for pdu in reading.feed(stream[at : at + pieces])]

    assert [pdu.command for pdu in found] == [Command.SUBMIT, Command.ACTIVE_TEST, Command.DELIVER]


@pytest.mark.parametrize("length", [0, 11, 4097, 0xFFFFFFFF])
def test_a_length_no_packet_has_ends_the_stream(length: int) -> None:
    with pytest.raises(OutOfStep):
        next(frames().feed(length.to_bytes(4, "big") + bytes(8)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "1" * 22},
        {"sp_id": "1234567"},
        {"destinations": ()},
        {"destinations": ("1",) * 100},
        {"destinations": ("用户",)},
        {"content": bytes(256)},
        {"service": "x\0y"},
    ],
)
def test_what_does_not_fit_is_not_written(wrong: dict[str, object]) -> None:
    fields = {name: getattr(SUBMIT, name) for name in SUBMIT.__dataclass_fields__} | wrong
    with pytest.raises(BadPdu):
        Submit(**fields).encode(V2)


@given(st.binary(max_size=300), st.sampled_from([V2, V3]))
def test_any_octets_are_read_or_refused(octets: bytes, version: int) -> None:
    for decode in (decode_connect, decode_connect_answer, decode_answer, decode_report):
        try:
            decode(octets)
        except BadPdu:
            continue
    for decode_by in (decode_submit, decode_deliver):
        try:
            decode_by(octets, version)
        except BadPdu:
            continue


@given(st.sampled_from(sorted(OURS)), st.data())
def test_a_spoiled_packet_is_read_or_refused(name: str, data: st.DataObject) -> None:
    octets = bytearray(PUBLISHED[name])
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        for pdu in frames().feed(bytes(octets[: data.draw(st.integers(0, len(octets)))])):
            for version in (V2, V3):
                decode_deliver(pdu.body, version)
    except BadPdu:
        pass


_ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=10)


@given(
    number=st.from_regex(r"\A[0-9]{1,21}\Z"),
    content=st.binary(max_size=160),
    service=_ASCII,
    fmt=st.sampled_from(Format),
    flags=st.tuples(st.booleans(), st.booleans()),
    msg_id=st.integers(0, 2**64 - 1),
    version=st.sampled_from([V2, V3]),
)
def test_whatever_is_written_is_read_again(
    number: str, content: bytes, service: str, fmt: int, flags: tuple[bool, bool], msg_id: int, version: int
) -> None:
    header, report = flags
    deliver = Deliver(
        msg_id=msg_id,
        destination=number,
        source=number,
        content=content,
        format=fmt,
        service=service,
        has_header=header,
        is_report=report,
    )
    submit = Submit(
        source=number,
        sp_id="900001",
        destinations=(number, "1"),
        content=content,
        format=fmt,
        service=service,
        has_header=header,
        wants_report=report,
    )

    assert decode_deliver(deliver.encode(version), version) == deliver
    assert decode_submit(submit.encode(version), version) == submit
