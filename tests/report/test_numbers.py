"""Numbers as people read them (hwsim.report.numbers)."""

from hwsim.report.numbers import amount


def test_one_of_a_thing_is_named_in_the_singular() -> None:
    assert [amount(n, "sample") for n in (0, 1, 2, 1200)] == [
        "0 samples",
        "1 sample",
        "2 samples",
        "1,200 samples",
    ]
