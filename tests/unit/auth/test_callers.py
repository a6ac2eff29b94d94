"""What a caller may."""

import pytest

from hub.auth import ALL, ANONYMOUS, SYSTEM, Caller, Right
from hub.auth.errors import Escalation, NeedsUser, WeakPassword
from hub.auth.names import BadName, fold, title, user_name
from hub.auth.passwords import check_strength
from hub.auth.policy import require_grant
from hub.auth.rights import BUILT_IN, compact, expand
from hub.errors import Forbidden


def test_a_caller_may_what_their_rights_say_and_nothing_else() -> None:
    caller = Caller(kind="user", rights=frozenset({Right.TICKETS_READ}))

    assert caller.may(Right.TICKETS_READ)
    assert caller.may(Right.TICKETS_WRITE, Right.TICKETS_READ), "one of several is enough"
    caller.require(Right.TICKETS_READ)
    with pytest.raises(Forbidden):
        caller.require(Right.TICKETS_WRITE)
    assert not ANONYMOUS.may(*Right)
    assert SYSTEM.rights == ALL


def test_only_a_person_is_a_person() -> None:
    for caller in (ANONYMOUS, SYSTEM, Caller(kind="token", rights=ALL)):
        with pytest.raises(NeedsUser):
            _ = caller.person


def test_all_rights_are_stored_as_a_star_so_that_later_ones_are_included() -> None:
    assert compact(ALL) == ["*"]
    assert expand(["*"]) == ALL
    some = frozenset({Right.AUDIT_READ, Right.TICKETS_READ})
    assert compact(some) == ["audit.read", "tickets.read"]
    assert expand([*compact(some), "right.of.another.release"]) == some


def test_agents_manage_nothing() -> None:
    assert not [right for right in BUILT_IN["agent"] if right.endswith("manage")]
    assert BUILT_IN["agent"] < BUILT_IN["supervisor"] < BUILT_IN["administrator"]


def test_nobody_hands_out_what_they_do_not_have() -> None:
    by = Caller(kind="user", rights=frozenset({Right.TICKETS_READ}))
    require_grant(by, [Right.TICKETS_READ])
    with pytest.raises(Escalation) as refused:
        require_grant(by, [Right.TICKETS_READ, Right.AUDIT_READ])
    assert refused.value.extra == {"rights": [Right.AUDIT_READ]}


@pytest.mark.parametrize("name", ["", " ", "a b", "a\nb", "x" * 65, "a\u200bb", "<script>", "a/b", "ﷺ" * 60])
def test_a_user_name_is_something_one_can_type_and_see(name: str) -> None:
    with pytest.raises(BadName):
        user_name(name)


@pytest.mark.parametrize(
    ("name", "kept"), [("wang.fang", "wang.fang"), ("王芳", "王芳"), (" ｗａｎｇ ", "wang"), ("a@b+c", "a@b+c")]
)
def test_user_names_of_any_script_are_taken(name: str, kept: str) -> None:
    assert user_name(name) == kept


def test_names_differ_only_by_what_people_see() -> None:
    assert fold("ＷANG ") == fold("wang")
    assert title("  夜 \n 班 ") == "夜 班"
    for bad in ("", "\u202e", "x" * 65):
        with pytest.raises(BadName):
            title(bad)


@pytest.mark.parametrize("password", ["1234567", "password", "PASSWORD1", "abababab", "wangwang1"])
def test_passwords_in_every_list_of_guesses_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_strength(password, name="wang")
