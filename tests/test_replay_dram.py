"""hwsim replay dram: CSV in, CSV and a summary out; bad rows are named by file, line and what is allowed."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hwsim import cli
from hwsim.replay import dram_requests

Command = Callable[..., tuple[int, str, str]]

HEADER = "arrival_cycle,address,bytes,direction\n"


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Replay a text as a trace; the served trace is out.csv beside it."""
    monkeypatch.chdir(tmp_path)

    def command(text: str, *options: str) -> tuple[int, str, str]:
        Path("trace.csv").write_text(text)
        monkeypatch.setattr(sys, "argv", ["hwsim", "replay", "dram", "trace.csv", "-o", "out.csv", *options])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def served() -> list[dict[str, str]]:
    with Path("out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_completion_and_row_outcome_are_added_and_other_columns_pass_through(replay: Command) -> None:
    # a closed bank 36, a hit 20, a conflict 52 cycles (D1); 0x20000 is the next row of the same bank
    rows_in = ("a,0,0,64,read", "", '"b,c",1000,64,64,read', "d,2000,0x20000,64,read", "")
    text = "tag," + HEADER + "\n".join(rows_in)
    assert replay(text)[0] == 0
    rows = served()
    assert [row["tag"] for row in rows] == ["a", "b,c", "d"]
    assert [int(row["completion_cycle"]) for row in rows] == [36, 1020, 2052]
    assert [row["row_outcome"] for row in rows] == ["closed", "hit", "conflict"]


def test_the_summary_is_one_json_object_with_totals_commands_and_energy(replay: Command) -> None:
    code, out, err = replay(HEADER + "0,0,640,read\n5,640,60,write\n", "--json")
    assert (code, err) == (0, "")
    values = json.loads(out)
    assert values["requests"] == 2
    assert (values["bytes_asked"], values["bytes_moved"]) == (700, 704)
    assert values["commands"] == {"activate": 1, "read": 10, "write": 1, "refresh": 0}
    assert values["row_hit_rate"] == pytest.approx(10 / 11)
    assert values["energy_pj"]["read"] == 10 * 2930
    assert values["bandwidth_bytes_per_s"] == pytest.approx(704 / values["cycles"] * 1.2e9)
    assert values["cycles"] == max(int(row["completion_cycle"]) for row in served())


def test_a_trace_longer_than_a_chunk_is_served_as_a_whole(
    replay: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HEADER + "".join(
        f"{7 * i},{64 * (i * 37 % 4096)},64,{'write' if i % 3 else 'read'}\n" for i in range(300)
    )
    replay(text)
    whole = served()
    monkeypatch.setattr(dram_requests, "CHUNK", 7)
    replay(text)
    assert served() == whole
    assert len(whole) == 300


def test_the_picture_and_the_table_can_be_chosen(replay: Command) -> None:
    code, out, _ = replay(HEADER + "0,0,64,read\n", "--table", "ideal", "--plot", "latency.png")
    assert code == 0
    assert "latency.png" in out
    assert Path("latency.png").read_bytes().startswith(b"\x89PNG")
    assert served()[0]["row_outcome"] == "none"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("9,0,64,raed", ["direction 'raed'", "Did you mean 'read'", "write"]),
        ("4,0,64,read", ["arrival_cycle 4", "after 5", "sort"]),
        ("9,-1,64,read", ["address '-1'", "whole number from 0"]),
        ("9,0,0,read", ["bytes 0", "1 or more"]),
        ("9,1.5,64,read", ["address '1.5'"]),
        ("9,8589934592,64,read", ["address 8589934592", "0 to 8589934591"]),
        ("9,0,64", ["3 columns", "4"]),
        ("99999999999999999999999,0,64,read", ["arrival_cycle"]),
    ],
)
def test_a_bad_row_is_named_by_file_and_line_and_nothing_is_written(
    replay: Command, row: str, words: list[str]
) -> None:
    code, out, err = replay(f"{HEADER}5,0,64,read\n\n{row}\n")
    assert (code, out) == (2, "")
    assert all(word in err for word in ("error: trace.csv:4: ", *words))
    assert not Path("out.csv").exists()


def test_a_header_without_a_column_is_answered_with_all_of_them(replay: Command) -> None:
    code, _, err = replay("arrival_cycle,address,bytes\n0,0,64\n")
    assert code == 2
    assert "trace.csv:1: column 'direction'" in err
    assert "arrival_cycle, address, bytes, direction" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--mapping", "row:bank"), "'channel' occurs 0 times"),
        (("--page-policy", "ajar"), "Known: closed, open"),
        (("--table", "ddr5"), "ddr4_2400"),
        (("--plot", "latency.svg"), ".png"),
    ],
)
def test_a_wrong_option_is_answered_with_what_is_allowed(
    replay: Command, options: tuple[str, ...], words: str
) -> None:
    code, _, err = replay(HEADER + "0,0,64,read\n", *options)
    assert code == 2
    assert words in err


def test_the_trace_itself_is_not_overwritten(replay: Command) -> None:
    code, _, err = replay(HEADER + "0,0,64,read\n", "-o", "trace.csv")
    assert code == 2
    assert "trace.csv: is both trace and output" in err
    for names in (("-o", "o.csv", "--plot", "trace.csv"), ("-o", "o.png", "--plot", "o.png")):
        code, _, err = replay(HEADER + "0,0,64,read\n", *names)
        assert code == 2
        assert "is both" in err
    assert Path("trace.csv").read_text().startswith(HEADER)


def test_an_empty_trace_takes_no_time(replay: Command) -> None:
    code, out, _ = replay(HEADER, "--json", "--plot", "latency.png")
    assert code == 0
    assert json.loads(out)["cycles"] == 0
    assert served() == []
