"""``hwsim learn-cost``: energies of a learning for people and as JSON, and its errors."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import Command
from tests.cli.test_learn import SMALL

FORMATS = ("--format", "weights=8.7", "--format", "membrane=8.0", "--format", "theta=8.3")


@pytest.fixture
def learned(hwsim: Command, tmp_path: Path) -> Path:
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, "-o", tmp_path / "run")
    assert ran.code == 0, ran.err
    return tmp_path / "run"


def test_json_holds_every_row_and_they_add_up(hwsim: Command, learned: Path) -> None:
    ran = hwsim("learn-cost", learned, "--json")
    assert ran.code == 0, ran.err
    told, card = json.loads(ran.out), json.loads((learned / "card.json").read_text())
    # floats are priced by the table that has them
    assert (told["table"], told["words"]["weight"]) == ("horowitz45", {"bits": 32, "real": True})
    for name, counts, images in (("learning", "learning_counts", 40), ("inference", "test_counts", 20)):
        one = told[name]
        assert one["images"] == images == card[counts]["images"]
        assert sum(row["energy_pj"] for row in one["rows"]) == pytest.approx(one["energy_pj"], rel=1e-12)
        assert one["lif_updates"] == card[counts]["excitatory_updates"]
    assert told["inference"]["weight_writes"] == 0 < told["learning"]["weight_writes"]
    assert told["model_bytes"]["learned"] == (64 * 8 * 32 + 8 * 64) // 8


def test_for_people_there_is_a_table_of_an_image_learned_and_one_answered(
    hwsim: Command, learned: Path
) -> None:
    ran = hwsim("learn-cost", learned)
    assert ran.code == 0, ran.err
    for text in ("per image", "learning_units", "for normalization", "energy of all", "weight float32"):
        assert text in ran.out
    assert "unpriced in learning: pe_cycles" in ran.out


def test_a_learning_in_formats_is_priced_by_integers_of_their_widths(hwsim: Command, tmp_path: Path) -> None:
    hwsim("learn", "tinysnn/lateral", *SMALL, *FORMATS, "-o", tmp_path / "run")
    told = json.loads(hwsim("learn-cost", tmp_path / "run", "--json").out)
    assert told["table"] == "sata_kernels"
    assert [word["bits"] for word in told["words"].values()] == [8, 16, 8, 8]
    assert told["learning"]["unpriced"] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--table", "sata_kernels"), "no float_add, and this learning computes in float32"),
        (("--table", "synop_odin"), "prices synaptic operations of a whole chip alone"),
        (("--hardware", "nosuch"), "unknown hardware preset 'nosuch'"),
        (("--hardware", "loihi"), "a chip of event-driven cores"),
        (("--traces", "never"), "--traces 'never'"),
        (("--layout", "rows"), "--layout 'rows'"),
        (("--widths", "wide"), "--widths 'wide'"),
        (("--widths", "chip", "--hardware", "efficientlif-accounting", "--table", "sata_kernels"), "32"),
    ],
)
def test_a_wrong_option_is_one_message(
    hwsim: Command, learned: Path, options: tuple[str, ...], told: str
) -> None:
    ran = hwsim("learn-cost", learned, *options)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_directory_of_no_learning_is_refused(hwsim: Command, tmp_path: Path) -> None:
    ran = hwsim("learn-cost", tmp_path)
    assert ran.code == 2
    assert "no learning.yaml, so no directory of hwsim learn" in ran.err
    assert "no learning.yaml" in hwsim("learn-cost", tmp_path / "nothing").err


def test_a_learning_that_is_not_done_and_one_of_other_counts_are_refused(
    hwsim: Command, learned: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(learned, other)
    card = json.loads((other / "card.json").read_text())
    del card["learning_counts"]["depressed_rows"]
    (other / "card.json").write_text(json.dumps(card))
    ran = hwsim("learn-cost", other)
    assert "card.json: counts: depressed_rows missing or unknown; learn again with this version" in ran.err
    # theta of 8 neurons fades after each of 40 images
    card = json.loads((learned / "card.json").read_text())
    card["learning_counts"]["theta_updates"] = 319
    (other / "card.json").write_text(json.dumps(card))
    told = hwsim("learn-cost", other).err
    assert "learning_counts.theta_updates is 319, fewer than the 320 that are part of it" in " ".join(
        told.split()
    )
    (other / "card.json").unlink()
    assert "this learning is not done" in hwsim("learn-cost", other).err


def test_a_card_with_a_number_that_json_has_not_is_refused(hwsim: Command, learned: Path) -> None:
    path = learned / "card.json"
    text = path.read_text()
    path.write_text(json.dumps(json.loads(text) | {"test_accuracy": float("nan")}))
    try:
        assert "card.json: is damaged (NaN is not a number of JSON)" in hwsim("learn-cost", learned).err
    finally:
        path.write_text(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parameters", 0),
        ("parameters", None),
        ("parameters", 513),
        ("test_accuracy", "high"),
        ("test_accuracy", 1.5),
        ("model", None),
        ("method", 3),
        ("test_counts", None),
        ("learning_counts.images", "40"),
        ("learning_counts.images", -1),
        ("test_counts.steps", 1.5),
        ("test_counts.steps", True),
    ],
)
def test_a_damaged_card_is_refused_by_its_field(
    hwsim: Command, learned: Path, field: str, value: object
) -> None:
    path = learned / "card.json"
    card = json.loads(path.read_text())
    *outer, name = field.split(".")
    inside = card[outer[0]] if outer else card
    if value is None:
        del inside[name]
    else:
        inside[name] = value
    path.write_text(json.dumps(card))
    ran = hwsim("learn-cost", learned)
    told = " ".join(ran.err.split())
    assert (ran.code, ran.out) == (2, "")
    assert f"card.json: {field} is {value!r}, not " in told
    assert "Traceback" not in told


def test_what_was_only_rounded_has_no_cost_of_learning(hwsim: Command, learned: Path, tmp_path: Path) -> None:
    made = tmp_path / "rounded"
    given = ("--from", learned, "--passes", "0", "--format", "weights=8.7")
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, *given, "-o", made)
    assert ran.code == 0, ran.err
    told = json.loads(hwsim("learn-cost", made, "--json").out)
    assert (told["learning"]["images"], told["learning"]["rows"], told["learning"]["energy_pj"]) == (0, [], 0)
    assert told["inference"]["energy_pj"] > 0
    shown = hwsim("learn-cost", made).out
    assert "nothing was learned: rounded from another learning" in shown
    assert "0.00 pJ" not in shown
    assert "nothing was learned" not in hwsim("learn-cost", learned).out


def test_integers_beyond_the_default_table_name_the_one_that_has_them(hwsim: Command, tmp_path: Path) -> None:
    wide = ("--format", "weights=32.31", "--format", "membrane=32.20", "--format", "theta=32.20")
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, *wide, "-o", tmp_path / "run")
    assert ran.code == 0, ran.err
    refused = hwsim("learn-cost", tmp_path / "run")
    assert refused.code == 2
    assert "horowitz45 prices integers of 8 to 32 bits" in " ".join(refused.err.split())
    told = json.loads(hwsim("learn-cost", tmp_path / "run", "--table", "horowitz45", "--json").out)
    assert told["inference"]["unpriced"] == ["pe_cycles"]
