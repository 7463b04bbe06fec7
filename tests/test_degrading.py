"""What a platform can't carry is made do with, by the same rules everywhere."""

import html
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.degrading import degrade, measured
from bot.messages import Button, File, Limits, Outgoing

PLAIN = Limits(text_units=100)
RICH = Limits(
    text_units=100, buttons=3, can_edit=True, can_mention=True, file_bytes=1000, button_bytes=20
)
KEYS = ((Button("收到", "ack:1"), Button("办结", "done:1")), (Button("更多", "more:1"),))
# what adds to a text: a title, escapes, a frame
TITLED = replace(PLAIN, written=lambda rows: "【督办】\n" + html.escape("\n".join(rows)))


def test_what_fits_stays_as_it_is() -> None:
    whole = Outgoing("g", ("一行",), KEYS, reply_to="5", edits="4", mentions=("u1",), key="k")
    assert degrade(whole, RICH) == [whole]


def test_buttons_become_numbers_where_there_are_none_or_too_few() -> None:
    (told,) = degrade(Outgoing("g", ("请选择",), KEYS), PLAIN)
    assert told.rows == ("请选择", "回复数字：1 收到，2 办结，3 更多")
    assert told.buttons == ()
    too_many = (*KEYS, (Button("退回", "return:1"),))
    assert "4 退回" in degrade(Outgoing("g", ("请选择",), too_many), RICH)[0].text
    too_long = ((Button("收到", "ack:" + "9" * 20),),)
    assert "1 收到" in degrade(Outgoing("g", ("请选择",), too_long), RICH)[0].text


def test_files_that_cannot_be_sent_are_told_of() -> None:
    small, large = File("6月通报.xlsx", b"x" * 1000), File("6月通报.pdf", b"x" * 1_300_000)
    message = Outgoing("g", ("6月通报",), files=(small, large))
    text, file = degrade(message, RICH)
    assert "《6月通报.pdf》（1.2 MB）" in text.text
    assert "xlsx" not in text.text
    assert (file.rows, file.files) == ((), (small,))
    (told,) = degrade(message, PLAIN)
    assert "《6月通报.xlsx》（1 KB）" in told.text and "《6月通报.pdf》" in told.text
    assert degrade(Outgoing("g", (), files=(small,)), RICH) == [Outgoing("g", (), files=(small,))]


def test_edits_and_names_are_left_out_where_they_cannot_be() -> None:
    message = Outgoing("g", ("未报送：1个单位",), edits="4", mentions=("u1",))
    (told,) = degrade(message, PLAIN)
    assert (told.edits, told.mentions) == ("", ())
    cards = replace(RICH, edits_cards_only=True)
    assert degrade(message, cards)[0].edits == ""
    assert degrade(replace(message, buttons=KEYS), cards)[0].edits == "4"


def test_parts_of_a_long_message() -> None:
    rows = tuple(f"{n}. 完成第{n}段河道清淤" for n in range(30))
    parts = degrade(Outgoing("g", rows, KEYS, reply_to="5", edits="4", mentions=("u",)), RICH)
    assert tuple(row for part in parts for row in part.rows) == rows
    assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]
    for name in ("reply_to", "edits", "mentions"):
        assert [bool(getattr(p, name)) for p in parts] == [True] + [False] * (len(parts) - 1)


def test_a_row_is_cut_at_a_line_or_sentence_and_never_inside_of_a_sign() -> None:
    sentences = "完成清淤。" * 50
    assert all(part.text.endswith("。") for part in degrade(Outgoing("g", (sentences,)), PLAIN))
    family = "👩‍👩‍👧"
    parts = degrade(Outgoing("g", (family * 60,)), replace(PLAIN, measure="utf16"))
    assert len(parts) > 1
    for part in parts:
        assert part.text.replace(family, "") == ""


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=300), max_size=12
    ),
    st.sampled_from(["characters", "utf16", "bytes"]),
    st.sampled_from([PLAIN, RICH, TITLED]),
    st.booleans(),
)
def test_nothing_is_lost_and_all_fits(
    rows: list[str], measure: str, limits: Limits, with_buttons: bool
) -> None:
    limits = replace(limits, measure=measure, text_units=150)
    message = Outgoing("g", tuple(rows), KEYS if with_buttons else ())
    parts = degrade(message, limits)
    assert all(measured(part.rows, limits) <= limits.text_units for part in parts)
    whole = "".join(row for part in parts for row in part.rows)
    numbered = with_buttons and not limits.buttons
    assert whole == "".join(rows) + ("回复数字：1 收到，2 办结，3 更多" if numbered else "")
