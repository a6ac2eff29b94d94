"""What advertising by short message carries."""

from hub.channels.sms.marketing import dressed
from hub.channels.sms.opt_out import answer


def test_advertising_says_who_sends_it_and_how_to_stop_it() -> None:
    assert dressed("双十一特惠", signature="云间", hint="拒收请回复R") == "【云间】双十一特惠 拒收请回复R"


def test_what_is_there_already_is_not_put_there_twice() -> None:
    text = "【云间】双十一特惠，拒收请回复R"

    assert dressed(text, signature="云间", hint="拒收请回复R") == text
    assert dressed("Sale", signature="", hint="") == "Sale"


def test_a_keyword_is_answered_in_its_language_under_the_account_s_signature() -> None:
    assert (
        answer("stop", "zh", signature="云间", help_text="") == "【云间】您已退订，我们不会再给您发送短信。回复“恢复”可重新接收。"
    )
    assert answer("start", "en", signature="", help_text="") == "You will get our messages again. Reply STOP to stop them."
    assert answer("help", "en", signature="Yunjian", help_text="Call 400 123") == "【Yunjian】Call 400 123"
    assert answer("help", "en", signature="Yunjian", help_text=" ") == ""
