"""Results in Python: printed, in a notebook, as rows."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from hwsim import cost, hardware, pipeline
from hwsim.chip.config import load_chip
from hwsim.chip.prices import prices_of
from hwsim.manycore.pipeline import estimate_chip
from hwsim.manycore.result import ChipResult
from hwsim.mapping import Mapping
from hwsim.report import notebook
from hwsim.result import Result
from tests.examples import small_network
from tests.report import chip_example
from tests.report.example import HOSTILE, Page, empty, with_layers


def work() -> pipeline.Workload:
    images = np.random.default_rng(1).random((2, 2, 4, 4)).astype(np.float32)
    return pipeline.Workload(small_network("frames"), images, np.array([0, 4]))


@pytest.fixture(scope="module")
def result() -> Result:
    return pipeline.estimate(
        work(), hardware.load_hardware("sata"), Mapping(), cost.load_table("sata_kernels")
    )


@pytest.fixture(scope="module")
def of_cores() -> ChipResult:
    return estimate_chip(work(), load_chip("loihi"), Mapping(), prices_of("loihi", 14))


def test_a_printed_result_is_the_tables_of_the_command_line(result: Result, of_cores: ChipResult) -> None:
    assert "Layers, mean of 2 samples" in str(result)
    assert "energy SNN / ANN" in str(result)
    assert "of 128 cores at 1 router," in str(of_cores)
    assert "\x1b" not in str(result) + str(of_cores)


def test_a_result_says_what_it_is_in_one_line(result: Result, of_cores: ChipResult) -> None:
    energy = result.as_dict()["per_sample"]["energy_pj"]["mean"]
    assert repr(result).startswith(f"<Result: small on sata, 2 samples, {energy:.6g} pJ")
    assert repr(of_cores).startswith("<ChipResult: small on 1 of 128 cores of loihi, 2 samples of 6 ticks")


def test_rows_are_those_of_the_csv(result: Result, of_cores: ChipResult, tmp_path: Path) -> None:
    paths = result.save(tmp_path)
    read = list(csv.DictReader(io.StringIO(paths["layers"].read_text())))
    rows = result.rows()
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == read
    assert [row["cycles"] for row in rows] == [layer["cycles"] for layer in result.as_dict()["layers"]]
    assert [row["core"] for row in of_cores.rows()] == [core["core"] for core in of_cores.as_dict()["cores"]]


def test_a_notebook_shows_html_without_script_and_style(result: Result, of_cores: ChipResult) -> None:
    for shown in (result, of_cores):
        parsed = Page(shown._repr_html_())
        assert (parsed.mismatches, parsed.open) == ([], [])
        assert not parsed.all("script") + parsed.all("style") + parsed.all("link") + parsed.all("img")
    assert "conv2d" in result._repr_html_()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_a_notebook(name: str) -> None:
    values = with_layers([name])
    values["model"]["name"] = name
    parsed = Page(notebook.estimate(values))
    assert (parsed.mismatches, parsed.open) == ([], [])
    assert not parsed.all("script") + parsed.all("img")
    assert name in parsed.text_of("td")


def test_many_layers_are_cut_and_counted_in_a_notebook() -> None:
    text = notebook.estimate(with_layers([f"l{i}" for i in range(notebook.ROWS + 5)]))
    assert "5 more rows" in text
    assert f">l{notebook.ROWS - 1}<" in text
    assert f">l{notebook.ROWS}<" not in text


def test_nothing_and_no_spike_are_shown_in_a_notebook() -> None:
    for text in (notebook.estimate(empty()), notebook.cores(chip_example.example(bright=0.0))):
        assert Page(text).mismatches == []
