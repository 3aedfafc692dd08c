"""``hwsim reproduce``: its files, that they repeat, and its errors."""

import csv
import json
from pathlib import Path

import pytest

from hwsim.errors import HwsimError
from hwsim.reproduction import committed
from hwsim.reproduction.printed import PAPERS
from hwsim.reproduction.run import reproduce


def test_a_paper_is_written_as_page_and_csv_and_repeats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        reproduce("snasnet", True, str(tmp_path / name), False)
    assert "snasnet: " in capsys.readouterr().out
    files = sorted(p.relative_to(tmp_path / "first").as_posix() for p in (tmp_path / "first").rglob("*.*"))
    assert files == ["provenance-snasnet.json", "snasnet/reproduced.csv", "snasnet/reproduced.md"]
    for name in files[1:]:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    told = json.loads((tmp_path / "first" / "provenance-snasnet.json").read_text(encoding="utf-8"))
    assert told["command"] == "hwsim reproduce snasnet --quick"
    assert set(told["versions"]) == {"numpy", "numba", "torch", "python"}


def test_the_rows_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    reproduce("snasnet", True, None, True)
    (paper,) = (told := json.loads(capsys.readouterr().out))
    assert {"printed", "ours", "verdict", "source"} <= set(told[paper][0])


def test_an_unknown_paper_is_answered_with_a_near_one() -> None:
    with pytest.raises(HwsimError, match="snasnet"):
        reproduce("snasnett", True, None, False)


@pytest.mark.slow
def test_everything_quick_gives_the_kept_rows_of_every_paper(tmp_path: Path) -> None:
    """Where a full run simulates and a quick one takes what is kept, the numbers are the same."""
    reproduce("all", True, str(tmp_path), False)
    assert {"README.md", "errata.md", "methods.md", "methods.csv"} <= {p.name for p in tmp_path.iterdir()}
    for paper in PAPERS:
        rows = []
        for place in (tmp_path, committed.directory()):
            with (place / paper / "reproduced.csv").open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file))
            rows.append([{k: v for k, v in line.items() if k != "source"} for line in lines])
        assert rows[0] == rows[1]
    with (tmp_path / "methods.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert all(line["energy_pj"] and line["cycles"] for line in found)
