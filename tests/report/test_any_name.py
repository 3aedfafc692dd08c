"""Whatever a network, a layer, a chip, a table or a note of a card is called: the page stays what it is."""

from collections import Counter
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hwsim.report import page
from tests.report.example import HOSTILE, Page
from tests.report.test_page import renamed

PIECES = st.one_of(
    st.sampled_from(
        [*HOSTILE, "<script>", "</script>", "<svg onload=x>", "javascript:", "&lt;", "&#60;", "-->"]
    ),
    st.text(alphabet="<>\"'&/=;:!-()[]{}%$`\\ \t\n\x00\x1b\u202e\ud800aé☃", max_size=8),
    st.text(max_size=8),
)
NAMES = st.lists(PIECES, min_size=1, max_size=4).map("".join)

ACTING = ("script", "style", "img", "iframe", "object", "embed", "link", "meta", "base", "form", "a", "use")


def acting(parsed: Page) -> Counter[str]:
    """Elements that do or load something, and attributes that do."""
    found = Counter(tag for tag, _ in parsed.elements if tag in ACTING)
    for _, attributes in parsed.elements:
        for name, value in attributes.items():
            found[name] += name.startswith("on")
            found["javascript:"] += "javascript:" in (value or "").lower() and name in (
                "href",
                "src",
                "action",
            )
    return +found


@cache
def of_harmless() -> Counter[str]:
    return acting(Page(page.render(renamed("harmless"))))


@settings(max_examples=12, deadline=None, derandomize=True)
@example(name="</code><script>alert(1)</script>")
@given(name=NAMES)
def test_no_name_adds_an_element_that_acts_or_breaks_the_page(name: str) -> None:
    text = page.render(renamed(name))
    text.encode()
    parsed = Page(text)
    assert (parsed.mismatches, parsed.open) == ([], [])
    assert acting(parsed) == of_harmless()
