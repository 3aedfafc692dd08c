"""``hwsim replay noc``: files in, files out, and what a wrong line or option is answered with."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hwsim import cli
from hwsim.noc.config import load_noc
from hwsim.noc.network import deliver_all, traffic
from hwsim.noc.trees import groups_of
from hwsim.replay import noc_trace

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Run ``hwsim replay noc`` with these arguments: exit status, what it printed, and its errors."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hwsim", "replay", "noc", *arguments])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def replay(run: Command) -> Command:
    """Replay a text as trace.txt into out.csv."""

    def command(text: str, *options: str) -> tuple[int, str, str]:
        Path("trace.txt").write_text(text)
        return run("trace.txt", "-o", "out.csv", *options)

    return command


def rows() -> list[list[int]]:
    with Path("out.csv").open(newline="") as file:
        return [[int(value) for value in row.values()] for row in csv.DictReader(file)]


def test_every_packet_is_a_row_in_the_order_of_the_trace(replay: Command) -> None:
    # a lone packet takes 2 + 5 routers + flits - 1 cycles; the packet to itself overtakes the one before it
    code, _, err = replay("# cycle src dst\n10 0 63\n\n11 5 5 # to itself\n500 0 1 4\n")
    assert (code, err) == (0, "")
    assert Path("out.csv").read_text().startswith("pid,src,dst,ctime,itime,atime,hops\n")
    assert rows() == [[0, 0, 63, 10, 10, 87, 15], [1, 5, 5, 11, 11, 18, 1], [2, 0, 1, 500, 500, 515, 2]]


def test_the_network_is_that_of_the_options(replay: Command) -> None:
    # a ring of 5 from 0 to 4 is 2 routers; 3 flits; links of 3 cycles; no cycle for routing
    options = ("--topology", "torus", "--size", "5x1", "--packet-size", "3", "--vcs", "2", "--buffer", "2")
    code, out, _ = replay("0 0 4\n", *options, "--delay", "link=3", "--delay", "routing=0", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["width"], found["height"], found["topology"], found["buffer_flits"]) == (5, 1, "torus", 2)
    assert (found["packets"], found["flits_injected"], found["flit_hops"]) == (1, 3, 6)
    # head: 2 + 2 x 4 + 2; the last flit waits for a credit: two slots for the loop of 7 cycles
    assert rows()[0][5] >= 2 + 2 * 4 + 2 + 2


def test_wires_along_y_may_be_longer_than_along_x(replay: Command) -> None:
    # one step along x, one along y: 2 + 3 routers of 4 + link 2 + link_y 7 + ejection 1
    options = ("--size", "2x2", "--delay", "link=2", "--delay", "link_y=7", "--json")
    code, out, _ = replay("0 0 3\n", *options)
    assert code == 0
    delays = json.loads(out)["delays"]
    assert (delays["link"], delays["link_y"], delays["credit_link_y"]) == (2, 7, 1)
    assert rows()[0][5] == 2 + 3 * 4 + 2 + 7 + 1


def test_yx_and_a_slow_tile_can_be_asked_for(replay: Command) -> None:
    code, out, _ = replay(
        "0 0 4\n1 0 4\n", "--size", "3x3", "--routing", "yx", "--receive-queue", "1", "--drain", "9", "--json"
    )
    assert code == 0
    found = json.loads(out)
    assert (found["routing"], found["receive_queue_flits"], found["drain_cycles"]) == ("yx", 1, 9)
    assert found["stall_cycles"]["receive_queue"] > 0


def test_a_trace_longer_than_a_chunk_is_replayed_as_a_whole(
    replay: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"{i // 9} {i * 7 % 64} {i * i % 64}\n" for i in range(2000))
    replay(text)
    whole = rows()
    monkeypatch.setattr(noc_trace, "CHUNK", 70)
    replay(text)
    assert rows() == whole
    assert len(whole) == 2000


def test_a_packet_to_several_tiles_is_a_row_for_each(replay: Command) -> None:
    # in the buffer in 2, SA in 4 to +x, 5 to -x, 6 to the tile, 3 cycles away; a further router takes 5 more
    code, out, _ = replay("0 1 2+0+1 # all of the row\n", "--size", "3x1", "--json")
    assert code == 0
    assert rows() == [[0, 1, 0, 0, 0, 13, 2], [0, 1, 1, 0, 0, 9, 1], [0, 1, 2, 0, 0, 12, 2]]
    found = json.loads(out)
    assert (found["multicast"], found["packets"], found["deliveries"]) == ("tree", 1, 3)
    assert (found["flits_injected"], found["forks"], found["flits_ejected"]) == (1, 2, 3)
    assert (found["flit_hops"], found["saved_flit_hops"]) == (3, 2 + 1 + 2 - 3)
    assert found["mean_latency_cycles"] == pytest.approx((13 + 9 + 12) / 3)


def test_copies_can_be_asked_for_and_leave_in_the_order_of_the_line(replay: Command) -> None:
    code, out, _ = replay("0 1 2+0+1\n0 1 2\n", "--size", "3x1", "--multicast", "copies")
    assert (code, "2 packets to 4 tiles" in out) == (0, True)
    assert [row[:5] for row in rows()] == [[0, 1, 0, 0, 1], [0, 1, 1, 0, 2], [0, 1, 2, 0, 0], [1, 1, 2, 0, 3]]


@pytest.mark.parametrize("chunk", [5, 200_000])
def test_multicasts_in_a_trace_arrive_as_those_given_to_the_network(
    replay: Command, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """One packet in two goes to 3 tiles, some of them to the same ones; slow tiles let others overtake."""
    monkeypatch.setattr(noc_trace, "CHUNK", chunk)
    packets = [(i // 3, i * 5 % 7, [i % 9, (i + 4) % 9, (i + 5) % 9][: 1 + i % 2 * 2]) for i in range(200)]
    replay(
        "".join(f"{cycle} {source} {'+'.join(map(str, tiles))}\n" for cycle, source, tiles in packets),
        "--size", "3x3", "--receive-queue", "1", "--drain", "4",
    )  # fmt: skip
    groups = groups_of([(source, tiles) for _, source, tiles in packets if len(tiles) > 1])
    group = iter(range(-1, -200, -1))
    given = [(c, source, t[0] if len(t) == 1 else next(group), 1) for c, source, t in packets]
    table = load_noc("booksim").changed(width=3, height=3, receive_queue_flits=1, drain_cycles=4)
    expected, _ = deliver_all(table, traffic(*np.array(given).T), groups)
    assert rows() == np.stack(expected, axis=1).tolist()
    assert len(rows()) == 100 + 300


def test_a_packet_to_several_tiles_says_its_one_flit_where_others_have_more(replay: Command) -> None:
    code, _, err = replay("0 0 1\n0 0 2+3\n", "--packet-size", "4")
    assert code == 2
    assert "trace.txt:2: --packet-size 4, and no flits in the line; a packet to several tiles must be" in err
    assert replay("0 0 1\n0 0 2+3 1\n", "--packet-size", "4")[0] == 0
    assert [row[2] for row in rows()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("9 0", ["2 fields", "cycle src dst"]),
        ("9 0 64", ["dst '64'", "0 to 63"]),
        ("9 -1 0", ["src '-1'", "0 to 63"]),
        ("9 x 0", ["src 'x'", "whole number"]),
        ("4 0 0", ["cycle 4 comes after 5", "sort"]),
        ("9 0 0 0", ["flits '0'", "from 1"]),
        ("9 0 5+64", ["dst '5+64': tile '64'", "0 to 63"]),
        ("9 0 5++9", ["dst '5++9': tile ''", "whole number"]),
        ("9 0 5+9,7", ["dst '5+9,7': tile '9,7'", "whole number"]),
        ("9 0 5+9+5", ["dst '5+9+5': tile 5 more than once", "different tiles"]),
        ("9 0 5+9 2", ["flits 2", "must be of 1 flit"]),
        ("99999999999999999999999 0 0", ["cycle"]),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(replay: Command, line: str, words: list[str]) -> None:
    code, out, err = replay(f"5 0 1\n\n{line}\n")
    assert (code, out) == (2, "")
    assert all(word in err for word in ("error: trace.txt:3: ", *words))
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--size", "8"), "--size '8'; must be two whole numbers as in 8x8"),
        (("--size", "0x4"), "width"),
        (("--vcs", "17"), "virtual_channels"),
        (("--buffer", "65"), "buffer_flits"),
        (("--topology", "torus", "--vcs", "1"), "a torus needs 2 or more"),
        (("--topology", "ring"), "topology"),
        (("--delay", "lnk=2"), "Did you mean 'link'?"),
        (("--delay", "link=0"), "delays.link"),
        (("--delay", "link"), "must be link=cycles"),
        (("--multicast", "twig"), "multicast: found 'twig'"),
        (("--table", "bocksim"), "Did you mean 'booksim'?"),
        (("--pattern", "uniform"), "one of them"),
        (("--plot", "x.png"), "--plot belongs to --pattern"),
        (("-o", "trace.txt"), "is the trace itself"),
    ],
)
def test_a_wrong_option_is_answered_with_what_is_allowed(
    replay: Command, options: tuple[str, ...], words: str
) -> None:
    code, out, err = replay("0 0 1\n", *options)
    assert (code, out) == (2, "")
    assert words in err
    assert not Path("out.csv").exists()


def test_an_empty_trace_takes_no_time(replay: Command) -> None:
    code, out, _ = replay("# nothing\n", "--json")
    assert code == 0
    assert json.loads(out)["cycles"] == 0
    assert rows() == []


def test_a_curve_has_a_row_for_every_rate_and_seed_and_a_picture(run: Command) -> None:
    options = ("--rate", "0.05,0.9", "--seeds", "1,2", "--size", "4x4", "--warmup", "500", "--window", "2000")
    code, out, err = run("--pattern", "uniform", *options, "-o", "curve.csv", "--plot", "curve.svg", "--json")
    assert (code, err) == (0, "")
    with Path("curve.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["rate"], row["seed"]) for row in found] == [
        ("0.05", "1"), ("0.05", "2"), ("0.9", "1"), ("0.9", "2"),
    ]  # fmt: skip
    assert [row["stable"] for row in found] == ["True", "True", "False", "False"]
    assert [point["stable"] for point in json.loads(out)["points"]] == [True, True, False, False]
    assert "<svg" in Path("curve.svg").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--pattern", "uniform"), "--pattern needs --rate"),
        (("--pattern", "uniform", "--rate", "0.1", "--multicast", "tree"), "--multicast belongs to a trace"),
        (("--pattern", "unifrom", "--rate", "0.1"), "Did you mean 'uniform'?"),
        (("--pattern", "uniform", "--rate", "0"), "above 0 up to 1"),
        (("--pattern", "uniform", "--rate", "a"), "--rate 'a'"),
        (("--pattern", "uniform", "--rate", "0.1", "--seeds", "x"), "--seeds 'x'"),
        (("--pattern", "uniform", "--rate", "0.1", "--plot", "x.gif"), ".png or an .svg"),
        (("--pattern", "transpose", "--rate", "0.1", "--size", "4x2"), "square grid; size is 4x2"),
    ],
)
def test_a_wrong_load_is_answered_with_what_is_allowed(
    run: Command, options: tuple[str, ...], words: str
) -> None:
    code, out, err = run(*options, "-o", "curve.csv")
    assert (code, out) == (2, "")
    assert words in err
    assert not Path("curve.csv").exists()


def test_a_packet_that_could_arrive_after_the_last_cycle_is_refused(replay: Command) -> None:
    """R14: what is taken arrives; a byte-order mark is none of the first cycle."""
    last = 2**59 - 1
    code, _, err = replay(f"0 0 1\n{last + 1} 0 1\n")
    assert code == 2
    assert f"trace.txt:2: cycle '{last + 1}'; must be a whole number from 0 to {last}" in err
    code, _, _ = replay(f"\ufeff0 0 1\n{last} 0 1\n")
    assert code == 0
    assert Path("out.csv").read_text().splitlines()[2] == f"1,0,1,{last},{last},{last + 12},2"
