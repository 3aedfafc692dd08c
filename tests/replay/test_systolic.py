"""``hwsim replay systolic``: tables in, tables out, errors that name file, line and column."""

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwsim import cli
from hwsim.cycle.systolic import dense
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.replay.systolic_rows import CAUSES, COUNTS, replay

HEADER = "dataflow,R,C,M,N,K"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(f"layer,{HEADER},note\na,os,2,2,3,3,3,x\nb,ws,2,2,3,3,3,\nc,is,2,2,3,1,2,z\n")
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The exit status of a command, run in this process as the installed script does."""
    monkeypatch.setattr(sys, "argv", ["hwsim", "replay", "systolic", *map(str, arguments)])
    monkeypatch.setenv("COLUMNS", "200")
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def refused(path: Path, text: str | bytes) -> str:
    """The error for a file, of which nothing may be written."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    output = path.with_name("out.csv")
    with pytest.raises(HwsimError) as caught:
        replay(path, output, overlap=False, causes=False)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_counts_stand_behind_the_columns_of_the_file(table: Path) -> None:
    replay(table, table.with_name("out.csv"), overlap=False, causes=False)
    assert table.with_name("out.csv").read_text() == (
        f"layer,{HEADER},note,cycles,sram_ifmap_reads,sram_filter_reads,sram_ofmap_writes\n"
        "a,os,2,2,3,3,3,x,20,18,18,9\n"
        "b,ws,2,2,3,3,3,,28,18,9,18\n"
        "c,is,2,2,3,1,2,z,10,6,4,3\n"
    )


def test_overlap_is_an_option(table: Path) -> None:
    replay(table, table.with_name("out.csv"), overlap=True, causes=False)
    # os: 4 folds of 3, and 2; ws: 2, 4 folds of 3, and 2; is: 2 + max(1, 2) + 1 + 2
    assert [row["cycles"] for row in read(table.with_name("out.csv"))] == ["14", "16", "7"]


def test_causes_are_an_option(table: Path) -> None:
    replay(table, table.with_name("out.csv"), overlap=False, causes=True)
    rows = read(table.with_name("out.csv"))
    assert list(rows[0])[-10:] == [*COUNTS, *CAUSES]
    ws = rows[1]
    assert [ws[name] for name in CAUSES[:4]] == ["4", "12", "8", "8"]
    assert float(ws["utilization"]) == pytest.approx(27 / (4 * 28))
    assert float(ws["mapping_loss"]) == pytest.approx(1 - 9 / 16)


def test_the_summary_adds_up_the_rows(table: Path) -> None:
    output = table.with_name("out.csv")
    summary = replay(table, output, overlap=False, causes=False)
    assert summary["rows"] == 3
    assert summary["totals"] == {
        "cycles": 58,
        "sram_ifmap_reads": 42,
        "sram_filter_reads": 31,
        "sram_ofmap_writes": 30,
        "stream_cycles": 12 + 12 + 2,
        "preload_cycles": 8 + 4,
        "fill_drain_cycles": 8 + 8 + 4,
    }
    assert {flow: sums["rows"] for flow, sums in summary["dataflows"].items()} == {"os": 1, "ws": 1, "is": 1}


def test_sums_beyond_64_bits_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(HEADER + "\n" + f"os,1,1,1,1,{2**63 - 1}\n" * 3)
    assert replay(path, tmp_path / "out.csv", False, False)["totals"]["cycles"] == 3 * (2**63 - 1)


def test_the_command_prints_one_json_object_and_nothing_else(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = table.with_name("out.csv")
    assert run(monkeypatch, table, "-o", output, "--overlap", "--causes", "--json") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert json.loads(printed.out) == replay(table, output, overlap=True, causes=True)


def test_the_command_prints_a_line_for_each_dataflow(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = table.with_name("out.csv")
    assert run(monkeypatch, table, "-o", output) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{output}: 3 rows, no overlap of folds"
    assert printed[1] == "  os  1 rows, 20 cycles (stream 12, preload 0, fill and drain 8)"
    assert len(printed) == 4


def test_the_command_answers_a_bad_file_with_one_message_and_status_2(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(f"{HEADER}\nos,1,1,1,1,0\n")
    assert run(monkeypatch, table, "-o", table.with_name("out.csv")) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(
        f"error: {table}, line 2, column K: found '0'; allowed: whole numbers from 1"
    )


def test_help_names_every_option(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    printed = capsys.readouterr().out
    assert all(option in printed for option in ("--output", "--overlap", "--causes", "--json"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("os,1,1,1,1,1\nOS,1,1,1,1,1", ", line 3, column dataflow: found 'OS'. Known: is, os, ws."),
        ("rs,1,1,1,1,1", ", line 2, column dataflow: found 'rs'."),
        (",1,1,1,1,1", ", line 2, column dataflow: found ''. Known: is, os, ws."),
        ("os,0,1,1,1,1", ", line 2, column R: found '0'; allowed: whole numbers from 1 to"),
        ("os,1,-1,1,1,1", ", line 2, column C: found '-1'"),
        ("os,1,1,2.0,1,1", ", line 2, column M: found '2.0'"),
        ("os,1,1,1,1e3,1", ", line 2, column N: found '1e3'"),
        ("os,1,1,1,1_0,1", ", line 2, column N: found '1_0'"),
        ("os,1,1,1,٣,1", ", line 2, column N: found '٣'"),
        ("os,1,1,1,1,", ", line 2, column K: found ''"),
        ("os,1,1,1,1,9223372036854775808", ", line 2, column K: found '9223372036854775808'; allowed: "),
        ("os,1,1,1,1," + "9" * 5000, ", line 2, column K: found '999999999999...9999999999999'; allowed: "),
        ("os,1,1,1,1", ", line 2: found 5 fields; allowed: the header's 6"),
        ("os,1,1,1,1,1,", ", line 2: found 7 fields; allowed: the header's 6"),
        ("os,1,1,1,1,1\n\nos,1,1,1,1,x", ", line 4, column K: found 'x'"),
        ('os,1,1,1,1,"1\n"\nos,1,1,1,1,x', ", line 4, column K: found 'x'"),
        ('os,1,1,1,1,"1', ", line 2: not a row of a CSV file (unexpected end of data)"),
        (f"os,1,1,1,1,1\nos,1,1,2,1,{2**62}", f", line 3: cycles = {2**63} from R = 1, C = 1, M = 2, N = 1"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_column(tmp_path: Path, rows: str, message: str) -> None:
    assert refused(tmp_path / "in.csv", f"{HEADER}\n{rows}\n").startswith(message)


def test_a_bad_row_of_a_later_chunk_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(HEADER + "\n" + "os,1,1,1,1,1\n" * 10 + "os,1,1,1,1,?\n")
    with pytest.raises(HwsimError, match=r"line 12, column K: found '\?'"):
        replay(path, tmp_path / "out.csv", False, False, chunk_rows=4)
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": empty file; needed: a header with the columns dataflow, R, C, M, N, K"),
        ("\n\n", ": empty file"),
        ("dataflow,R,C,M,n\n", ", line 1: column N, K is missing; found 'dataflow, R, C, M, n'; needed: "),
        ("os,1,1,1,1,1\n", ", line 1: column dataflow, R, C, M, N, K is missing; found 'os, 1, 1, 1, 1, 1'"),
        (f"{HEADER},R\n", ", line 1: column 'R' appears 2 times; allowed: once"),
        (f"{HEADER},x, x\n", ", line 1: column 'x' appears 2 times"),
        (b"PK\x03\x04\xff\xfe", ", after line 0: not a text file in UTF-8"),
        (HEADER.encode() + b"\nos,1,1,1,1,1\nos,1,1,1,1,\xff\n", ", after line "),
    ],
)
def test_a_file_that_is_no_table_of_runs_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert refused(tmp_path / "in.csv", text).startswith(message)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HwsimError, match="cannot be read"):
        replay(tmp_path / name, tmp_path / "out.csv", False, False)


def test_the_input_is_never_overwritten(table: Path) -> None:
    before = table.read_bytes()
    (table.parent / "soft.csv").symlink_to(table)
    os.link(table, table.parent / "hard.csv")
    for output in (
        table,
        table.parent / "." / "in.csv",
        table.parent / "soft.csv",
        table.parent / "hard.csv",
    ):
        with pytest.raises(HwsimError, match="would overwrite the input"):
            replay(table, output, False, False)
    assert table.read_bytes() == before


def test_an_older_output_is_replaced_only_by_a_whole_one(table: Path) -> None:
    output = table.with_name("out.csv")
    replay(table, output, False, False)
    before = output.read_bytes()
    table.write_text(table.read_text() + "d,os,1,1,1,1,bad,\n")
    with pytest.raises(HwsimError):
        replay(table, output, False, False)
    assert output.read_bytes() == before
    assert len(list(table.parent.iterdir())) == 2


def test_an_output_that_cannot_be_written_is_refused(table: Path) -> None:
    with pytest.raises(HwsimError, match="not a file that can be replaced"):
        replay(table, table.parent, False, False)
    with pytest.raises(HwsimError, match="cannot be written"):
        replay(table, table / "out.csv", False, False)


def test_columns_that_are_to_be_added_are_kept_under_another_name(table: Path) -> None:
    once, twice = table.with_name("once.csv"), table.with_name("twice.csv")
    replay(table, once, False, False)
    with pytest.warns(HwsimWarning, match="cycles, sram_ifmap_reads, .*passed through as given_cycles"):
        replay(once, twice, overlap=True, causes=False)
    for first, second in zip(read(once), read(twice), strict=True):
        assert second["given_cycles"] == first["cycles"]
        assert int(second["cycles"]) < int(first["cycles"])
    with pytest.raises(HwsimError, match=r"the file has given_cycles and cycles, .*; rename one"):
        replay(twice, table.with_name("thrice.csv"), False, False)


def test_a_header_alone_gives_a_header(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEADER)
    summary = replay(tmp_path / "in.csv", tmp_path / "out.csv", False, False)
    assert (summary["rows"], summary["dataflows"]) == (0, {})
    assert (tmp_path / "out.csv").read_text() == ",".join((HEADER, *COUNTS)) + "\n"


def test_spaces_a_byte_order_mark_and_windows_lines_are_taken(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(
        b"\xef\xbb\xbfdataflow, R, C, M, N, K\r\nos, 2, 2, 3, 3, 3\r\n\r\n ws ,2,2,3,3,3\r\n"
    )
    replay(tmp_path / "in.csv", tmp_path / "out.csv", False, False)
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == [
        "os, 2, 2, 3, 3, 3,20,18,18,9",
        " ws ,2,2,3,3,3,28,18,9,18",
    ]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ROW = st.tuples(st.sampled_from(["os", "ws", "is"]), *[st.integers(1, 999)] * 5, TEXT)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ROW, max_size=9), st.integers(1, 4))
def test_any_table_comes_back_with_its_counts(
    tmp_path: Path, rows: list[tuple[Any, ...]], chunk_rows: int
) -> None:
    path, output = tmp_path / "in.csv", tmp_path / "out.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*HEADER.split(","), "text"], *rows])
    replay(path, output, False, False, chunk_rows)
    found = read(output)
    assert [tuple(row[name] for name in (*HEADER.split(","), "text")) for row in found] == [
        tuple(map(str, row)) for row in rows
    ]
    for row, values in zip(rows, found, strict=True):
        assert int(values["cycles"]) == dense(*row[:6]).cycles[0]
