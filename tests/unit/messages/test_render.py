"""A draft is fitted to what an account carries: nothing is cut, what is lost is said."""

from hypothesis import given
from hypothesis import strategies as st

from hub.messages.address import Address, AddressKind
from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import Draft, StoredFile
from hub.messages.render import Loss, Refusal, render

ALL = Capabilities(features=dict.fromkeys(Feature, Level.FULL))
ALICE = Address(kind=AddressKind.EMAIL, value="alice@example.com")
levels = st.dictionaries(st.sampled_from(Feature), st.sampled_from(Level))
files = st.builds(
    StoredFile,
    filename=st.just("a.pdf"),
    content_type=st.sampled_from(["application/pdf", "image/png"]),
    size=st.integers(0, 100),
    sha256=st.just("0" * 64),
)
limits = st.none() | st.integers(0, 50)
capabilities = st.builds(
    Capabilities,
    features=levels,
    length_unit=st.sampled_from(["chars", "bytes"]),
    max_length=limits,
    max_files=limits,
    max_file_bytes=limits,
    max_total_bytes=limits,
    content_types=st.sampled_from([(), ("image/png",)]),
)
drafts = st.builds(
    Draft,
    text=st.text(max_size=60),
    html=st.none() | st.just("<p>x</p>"),
    subject=st.text(max_size=10),
    to=st.just((ALICE,)),
    cc=st.sampled_from([(), (ALICE,)]),
    bcc=st.sampled_from([(), (ALICE,)]),
    files=st.lists(files, max_size=3).map(tuple),
)


def file(size: int = 10, content_type: str = "image/png") -> StoredFile:
    return StoredFile(filename="a", content_type=content_type, size=size, sha256="0" * 64)


@given(draft=drafts, carried=capabilities)
def test_what_goes_out_is_within_what_the_account_carries_and_the_text_is_whole(draft: Draft, carried: Capabilities) -> None:
    fitted = render(draft, carried)

    assert fitted.draft.text.endswith(draft.text)
    assert not fitted.draft.html or carried.carries(Feature.HTML)
    assert not fitted.draft.subject or carried.carries(Feature.SUBJECT)
    assert not fitted.draft.cc or carried.carries(Feature.CC)
    assert not fitted.draft.bcc or carried.carries(Feature.BCC)
    if not fitted.refused:
        assert not fitted.draft.files or carried.carries(Feature.FILES)
        size = len(fitted.draft.text.encode()) if carried.length_unit == "bytes" else len(fitted.draft.text)
        assert carried.max_length is None or size <= carried.max_length
        assert carried.max_total_bytes is None or sum(f.size for f in draft.files) <= carried.max_total_bytes


@given(draft=drafts, carried=capabilities)
def test_fitting_twice_changes_nothing_more(draft: Draft, carried: Capabilities) -> None:
    once = render(draft, carried)
    again = render(once.draft, carried)
    assert (again.draft, again.lost, again.refused) == (once.draft, (), once.refused)


@given(draft=drafts)
def test_an_account_that_carries_everything_loses_nothing(draft: Draft) -> None:
    fitted = render(draft, ALL)
    assert (fitted.draft, fitted.lost) == (draft, ())


def test_each_loss_and_each_refusal_has_its_word() -> None:
    bare = Capabilities(features={Feature.TEXT: Level.FULL}, max_length=5)
    lost = render(Draft(text="hello", html="<p>", to=(ALICE,), cc=(ALICE,), bcc=(ALICE,)), bare)
    assert (set(lost.lost), lost.refused) == ({Loss.HTML, Loss.CC, Loss.BCC}, ())
    assert render(Draft(text="hello!"), bare).refused == (Refusal.TOO_LONG,)
    assert render(Draft(text=" \n"), bare).refused == (Refusal.EMPTY,)
    assert render(Draft(text="x", files=(file(),)), bare).refused == (Refusal.FILES,)
    with_files = Capabilities(
        features={Feature.TEXT: Level.FULL, Feature.FILES: Level.PARTIAL},
        max_files=1,
        max_file_bytes=10,
        content_types=("image/png",),
    )
    assert render(Draft(text="", files=(file(),)), with_files).refused == ()
    assert render(Draft(text="", files=(file(), file())), with_files).refused == (Refusal.TOO_MANY_FILES,)
    assert render(Draft(text="", files=(file(size=11),)), with_files).refused == (Refusal.FILE_TOO_LARGE,)
    assert render(Draft(text="", files=(file(content_type="text/x"),)), with_files).refused == (Refusal.FILE_TYPE,)


def test_the_subject_stands_before_the_text_where_a_channel_has_none_and_counts() -> None:
    bare = Capabilities(features={Feature.TEXT: Level.FULL}, max_length=8, length_unit="bytes")
    assert render(Draft(text="b", subject="a"), bare).draft.text == "a\nb"
    assert render(Draft(text="订单", subject="问"), bare).refused == (Refusal.TOO_LONG,)
