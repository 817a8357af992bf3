"""The columns that a text takes are those that wcwidth tells, whether it was asked or not."""

import wcwidth
from hypothesis import example, given
from hypothesis import strategies as st

from residency.reports import columns

TEXTS = st.text(alphabet="ab c-d·é-\t\x1b[1m東京（ア)\u0301\u00ad—", max_size=60)


@given(TEXTS)
@example("x" * 40)
@example("a·b é")
@example("東京 and more")
def test_width_padding_and_lines_are_those_of_wcwidth(text: str) -> None:
    assert columns.width(text) == wcwidth.width(text)
    assert columns.ljust(text, 30) == wcwidth.ljust(text, 30)
    assert columns.wrap(text, 17) == wcwidth.wrap(text, 17, break_on_hyphens=False)
