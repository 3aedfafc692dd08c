"""Lists on the command line."""

from pathlib import Path

import pytest

from hwsim.errors import HwsimError
from hwsim.lists import check_distinct, parts_of


def test_values_lie_between_commas() -> None:
    assert parts_of("batch", "1, 16 ,64") == ["1", "16", "64"]
    assert parts_of("batch", "x" * 5000 + ",1") == ["x" * 5000, "1"]


def test_the_longest_name_of_a_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a,b.yaml", "b.yaml", "c"):
        (tmp_path / name).touch()
    assert parts_of("table", "a,b.yaml,c") == ["a,b.yaml", "c"]
    assert parts_of("table", "c,b.yaml,a,b.yaml") == ["c", "b.yaml", "a,b.yaml"]
    assert parts_of("table", "a, b.yaml") == ["a", "b.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,,b", "--table 'a,,b': an empty part; separate values by single commas"),
        ("", "--table '': an empty part; separate values by single commas"),
        ("a, b,a", "--table 'a, b,a': 'a' is there twice"),
    ],
)
def test_empty_and_repeated_values_are_refused(text: str, message: str) -> None:
    with pytest.raises(HwsimError) as caught:
        parts_of("table", text)
    assert str(caught.value) == message


def test_two_values_of_one_name_are_refused() -> None:
    check_distinct("table", ["a.yaml", "b.yaml"], ["a", "b"])
    with pytest.raises(HwsimError, match=r"--table: a\.yaml and b\.yaml are both named 'a'; rename one"):
        check_distinct("table", ["a.yaml", "b.yaml"], ["a", "a"])
