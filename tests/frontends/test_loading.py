"""Loading: models by file, saved network or zoo name, and inputs from NumPy files."""

import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.frontends.loading import Inputs, load_inputs, open_model
from hwsim.network import Network
from tests.examples import small_network

NET = """\
import helper
from torch import nn

from hwsim.nn import LIF


def build():
    return nn.Sequential(nn.Linear(helper.WIDTH, 3), LIF())


def broken():
    raise KeyError("channels")


def text():
    return "a network"


def forgotten():
    pass


WIDTH = 8
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A file that builds models, with a module of its own beside it."""
    (tmp_path / "helper.py").write_text("WIDTH = 8\n")
    path = tmp_path / "net.py"
    path.write_text(NET)
    return path


# --- file.py:callable ----------------------------------------------------------------------------


def test_a_callable_of_a_file_builds_the_model(net: Path) -> None:
    opened = open_model(f"{net}:build")
    assert opened.name == "build"
    assert isinstance(opened.model, nn.Sequential)
    assert (opened.inputs, opened.timesteps, opened.card) == (None, None, None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"absent\.py: no such file"):
        open_model(f"{tmp_path / 'absent.py'}:build")


def test_a_file_without_a_callable_asks_for_one(net: Path) -> None:
    with pytest.raises(HwsimError, match=r"name the function that builds the model, as .*net\.py:FUNCTION"):
        open_model(str(net))


def test_a_missing_callable_is_named_beside_those_that_exist(net: Path) -> None:
    with pytest.raises(
        HwsimError, match=r"net\.py: has no callable 'biuld'; it has .*broken, build, forgotten"
    ):
        open_model(f"{net}:biuld")


def test_a_name_that_cannot_be_called_is_no_builder(net: Path) -> None:
    with pytest.raises(HwsimError, match=r"net\.py: has no callable 'WIDTH'"):
        open_model(f"{net}:WIDTH")


def test_an_error_of_the_builder_is_told(net: Path) -> None:
    with pytest.raises(HwsimError, match=r"net\.py:broken\(\) failed: KeyError: 'channels'"):
        open_model(f"{net}:broken")


@pytest.mark.parametrize(("name", "kind"), [("text", "str"), ("forgotten", "NoneType")])
def test_a_builder_of_something_else_is_refused(net: Path, name: str, kind: str) -> None:
    with pytest.raises(HwsimError, match=rf"net\.py:{name}\(\) returned a {kind}, not an nn\.Module"):
        open_model(f"{net}:{name}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("def build(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text + "\n")
    with pytest.raises(HwsimError, match=rf"bad\.py: importing it failed: {message}"):
        open_model(f"{path}:build")


OF_ITS_FOLDER = """
from of_its_folder.inner import WIDTH
from torch import nn

def build():
    return nn.Linear(1, WIDTH)
"""


def test_models_of_two_folders_each_import_the_files_of_their_own(tmp_path: Path) -> None:
    """Files of one name, a package among them, read again and again, and from a module read later."""
    for width, folder in ((3, tmp_path / "a"), (5, tmp_path / "b")):
        (folder / "of_its_folder").mkdir(parents=True)
        (folder / "of_its_folder" / "__init__.py").touch()
        (folder / "of_its_folder" / "inner.py").write_text(f"WIDTH = {width}\n")
        (folder / "file_of_its_folder.py").write_text(f"WIDTH = {width}\n")
        (folder / "later.py").write_text(OF_ITS_FOLDER)
        (folder / "net.py").write_text(OF_ITS_FOLDER.replace("of_its_folder.inner", "file_of_its_folder"))
    for file in ("net.py", "later.py"):
        for _ in range(2):
            for width, folder in ((3, "a"), (5, "b")):
                model = open_model(f"{tmp_path / folder / file}:build").model
                assert isinstance(model, nn.Linear)
                assert model.out_features == width


def test_what_a_model_imports_from_elsewhere_stays_imported(net: Path, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(
        "import colorsys\nimport hwsim.nn\nfrom torch import nn\nbuild = nn.Identity\n"
    )
    before = sys.modules["torch"], sys.modules["hwsim.nn"]
    open_model(f"{tmp_path / 'other.py'}:build")
    colors = sys.modules["colorsys"]
    open_model(f"{net}:build")
    assert (sys.modules["torch"], sys.modules["hwsim.nn"]) == before
    assert sys.modules["colorsys"] is colors


def test_the_path_of_imports_is_left_as_it_was(net: Path) -> None:
    before = list(sys.path)
    open_model(f"{net}:build")
    assert sys.path == before


# --- weights -------------------------------------------------------------------------------------


def saved_weights(path: Path, width: int = 8) -> tuple[Path, dict[str, torch.Tensor]]:
    torch.manual_seed(3)
    state = nn.Sequential(nn.Linear(width, 3)).state_dict()
    save_file(state, path)
    return path, dict(state)


def test_weights_are_loaded_into_the_model(net: Path, tmp_path: Path) -> None:
    path, state = saved_weights(tmp_path / "w.safetensors")
    model = open_model(f"{net}:build", path).model
    assert isinstance(model, nn.Module)
    assert torch.equal(model.state_dict()["0.weight"], state["0.weight"])


def test_missing_weights_are_named(net: Path, tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"w\.safetensors: no such file"):
        open_model(f"{net}:build", tmp_path / "w.safetensors")


def test_weights_of_another_shape_are_refused(net: Path, tmp_path: Path) -> None:
    path, _ = saved_weights(tmp_path / "w.safetensors", width=9)
    with pytest.raises(
        HwsimError, match=r"w\.safetensors: does not fit the model: .*size mismatch for 0\.weight"
    ):
        open_model(f"{net}:build", path)


def test_weights_of_another_model_are_refused(net: Path, tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(HwsimError, match=r'w\.safetensors: does not fit the model: .*"conv\.weight"'):
        open_model(f"{net}:build", tmp_path / "w.safetensors")


def test_weights_that_are_no_safetensors_are_refused(net: Path, tmp_path: Path) -> None:
    torch.save(nn.Linear(8, 3).state_dict(), tmp_path / "w.pt")
    with pytest.raises(HwsimError, match=r"w\.pt: not a safetensors file"):
        open_model(f"{net}:build", tmp_path / "w.pt")


def test_weights_that_were_cut_are_refused(net: Path, tmp_path: Path) -> None:
    path, _ = saved_weights(tmp_path / "w.safetensors")
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(HwsimError, match=r"w\.safetensors: not a safetensors file"):
        open_model(f"{net}:build", path)


# --- saved networks ------------------------------------------------------------------------------


def test_a_saved_network_is_opened_with_its_timesteps(tmp_path: Path) -> None:
    small_network().save(tmp_path / "net.safetensors")
    opened = open_model(str(tmp_path / "net.safetensors"))
    assert isinstance(opened.model, Network)
    assert opened.model.id == small_network().id
    assert (opened.name, opened.timesteps) == ("small", 3)


def test_a_saved_network_takes_no_weights(tmp_path: Path) -> None:
    small_network().save(tmp_path / "net.safetensors")
    with pytest.raises(HwsimError, match=r"net\.safetensors is a saved network and takes no weights"):
        open_model(str(tmp_path / "net.safetensors"), tmp_path / "net.safetensors")


def test_weights_alone_are_no_network_and_the_way_out_is_told(tmp_path: Path) -> None:
    path, _ = saved_weights(tmp_path / "w.safetensors")
    with pytest.raises(
        HwsimError, match=r"w\.safetensors: not a saved network; .* file\.py:callable --weights"
    ):
        open_model(str(path))


def test_a_missing_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"absent\.safetensors: no such file"):
        open_model(str(tmp_path / "absent.safetensors"))


# --- the zoo -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", zoo.entries())
def test_every_network_of_the_zoo_opens_with_weights_and_inputs(name: str) -> None:
    opened = open_model(name)
    entry = zoo.entry(name)
    assert isinstance(opened.model, nn.Module)
    assert opened.timesteps == entry.timesteps
    if entry.inputs is not None:
        assert opened.inputs is not None
        loaded = load_inputs(opened.inputs, 2)
        assert len(loaded.values) == 2
        assert loaded.labels is not None


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(
        HwsimError, match=r"unknown model 'fashon'\. Did you mean 'fashion'\?.*file\.py:callable"
    ):
        open_model("fashon")


def test_own_weights_replace_those_of_the_zoo_and_their_card(tmp_path: Path) -> None:
    model = open_model("fashion").model
    assert isinstance(model, nn.Module)
    state = {k: torch.zeros_like(v) for k, v in model.state_dict().items()}
    save_file(state, tmp_path / "zeros.safetensors")
    opened = open_model("fashion", tmp_path / "zeros.safetensors")
    assert isinstance(opened.model, nn.Module)
    assert all(not v.any() for v in opened.model.state_dict().values())
    assert opened.card is None
    assert open_model("fashion").card is not None


# --- inputs --------------------------------------------------------------------------------------


def loaded(path: Path, samples: int | None = None, **arrays: Any) -> Inputs:
    np.savez(path, **arrays)
    return load_inputs(path, samples)


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    return tmp_path / "inputs.npz"


def test_images_are_taken_with_their_labels(npz: Path) -> None:
    images = np.random.default_rng(0).normal(size=(4, 2, 3, 3)).astype(np.float32)
    found = loaded(npz, images=images, labels=np.array([3, 1, 2, 0], np.uint8))
    assert np.array_equal(found.values, images)
    assert found.values.dtype == np.float32
    assert found.labels is not None
    assert found.labels.tolist() == [3, 1, 2, 0]
    assert found.labels.dtype == np.int64


def test_bytes_of_images_become_shares_of_255(npz: Path) -> None:
    found = loaded(npz, images=np.array([[[[0, 51], [255, 128]]]], np.uint8))
    assert found.values.ravel().tolist() == pytest.approx([0.0, 0.2, 1.0, 128 / 255], abs=1e-7)


def test_grey_images_get_a_channel(npz: Path) -> None:
    assert loaded(npz, images=np.zeros((4, 6, 5), np.uint8)).values.shape == (4, 1, 6, 5)


def test_other_inputs_keep_their_shape_and_values(npz: Path) -> None:
    values = np.arange(24, dtype=np.float64).reshape(2, 3, 4)
    assert np.array_equal(loaded(npz, inputs=values).values, values)


def test_only_the_first_samples_are_taken(npz: Path) -> None:
    found = loaded(npz, 2, images=np.arange(12.0).reshape(3, 4), labels=np.array([7, 8, 9]))
    assert found.values.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert found.labels is not None
    assert found.labels.tolist() == [7, 8]


def test_asking_for_more_samples_than_there_are_takes_all(npz: Path) -> None:
    assert len(loaded(npz, 100, images=np.zeros((3, 4))).values) == 3


def test_a_single_array_is_taken_as_inputs(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    found = load_inputs(tmp_path / "x.npy", 3)
    assert np.array_equal(found.values, values[:3])
    assert found.labels is None


def test_other_arrays_of_the_file_are_not_read(npz: Path) -> None:
    extra = np.array([{"a": 1}], dtype=object)
    found = loaded(npz, images=np.zeros((2, 4)), extra=extra)
    assert found.labels is None


# --- inputs that are refused ---------------------------------------------------------------------


def refused(path: Path, message: str) -> None:
    with pytest.raises(HwsimError, match=message) as caught:
        load_inputs(path)
    assert str(path) in str(caught.value)


def test_missing_inputs_are_named(tmp_path: Path) -> None:
    refused(tmp_path / "absent.npz", "no such file")


def test_pickled_objects_are_refused(npz: Path) -> None:
    np.savez(npz, images=np.array([{"a": 1}, None], dtype=object))
    refused(npz, "not readable as a NumPy file without pickles")


def test_a_pickled_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    refused(tmp_path / "x.npy", "not readable as a NumPy file without pickles")


def test_a_file_without_inputs_lists_what_it_holds(npz: Path) -> None:
    np.savez(npz, x_test=np.zeros((2, 2)), y_test=np.zeros(2))
    refused(npz, r"holds \['x_test', 'y_test'\]; expected 'images' or 'inputs'")


@pytest.mark.parametrize(
    "labels",
    [np.zeros(3, np.int64), np.zeros((4, 1), np.int64), np.zeros(4, np.float32), np.int64(4)],
    ids=["too few", "column", "broken numbers", "one number"],
)
def test_labels_that_do_not_fit_are_refused(npz: Path, labels: Any) -> None:
    np.savez(npz, images=np.zeros((4, 2, 2)), labels=labels)
    refused(npz, r"labels are .* of shape .*; expected 4 integers")


@pytest.mark.parametrize(
    "images",
    [np.zeros(4), np.float32(1), np.array([["a", "b"]]), np.zeros((2, 2), np.complex64)],
    ids=["flat", "number", "texts", "complex"],
)
def test_images_that_are_no_rows_of_numbers_are_refused(npz: Path, images: Any) -> None:
    np.savez(npz, images=images)
    refused(npz, "expected numbers, one row a sample")


@pytest.mark.parametrize("shape", [(0, 1, 28, 28), (4, 0), (2, 0, 3)])
@pytest.mark.parametrize("name", ["images", "inputs"])
def test_inputs_without_a_value_are_refused(npz: Path, name: str, shape: tuple[int, ...]) -> None:
    np.savez(npz, **{name: np.zeros(shape, np.float32)})
    refused(npz, rf"{name} is of shape \({shape[0]}, .* and holds no values; expected one sample or more")


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    values = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)
    if suffix == "npy":
        np.save(path, values)
    else:
        np.savez_compressed(path, images=values, labels=np.arange(4))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refused(path, "not readable as a NumPy file without pickles")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("images,labels\n1,2\n")
    refused(tmp_path / "x.npz", "not readable as a NumPy file without pickles")


def test_a_damaged_archive_gives_inputs_or_an_error_that_names_the_file(npz: Path) -> None:
    np.savez_compressed(npz, images=np.arange(64, dtype=np.uint8).reshape(4, 4, 4), labels=np.arange(4))
    whole = npz.read_bytes()
    for place in range(len(whole)):
        for mask in (0x01, 0x80):
            npz.write_bytes(whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])
            try:
                load_inputs(npz)
            except HwsimError as error:
                assert str(npz) in str(error)  # noqa: PT017


def test_an_archive_with_a_password_is_refused(npz: Path) -> None:
    with zipfile.ZipFile(npz, "w") as archive:
        archive.writestr("images.npy", b"x" * 200)
    encrypted = bytearray(npz.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.find(signature) + flags] |= 1
    npz.write_bytes(encrypted)
    refused(npz, "not readable as a NumPy file without pickles")


def header(shape: str, dtype: str = "<f4", order: bool = False) -> bytes:
    """The first 128 bytes of a .npy file as NumPy's format 1.0 has them."""
    text = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_huge_array_is_refused_before_it_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    declared = header(str((1 << 28, 3)))
    if suffix == "npy":
        path.write_bytes(declared)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inputs.npy", declared)
    refused(path, "268435456 samples of shape .* take 3221225472 bytes; at most 2147483648 are read")


def test_of_an_archive_that_inflates_the_first_samples_are_read(npz: Path) -> None:
    samples, features = 1 << 18, 64
    with zipfile.ZipFile(npz, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, shape in (("inputs", (samples, features)), ("labels", (samples,))):
            with archive.open(f"{name}.npy", "w") as member:
                member.write(header(str(shape), "<i4"))
                for _ in range(features if len(shape) == 2 else 1):
                    member.write(bytes(4 * samples))
    tracemalloc.start()
    found = load_inputs(npz, 128)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.values.shape == (128, features)
    assert found.labels is not None
    assert found.labels.shape == (128,)
    assert peak < 8 << 20  # the array takes 64 MiB, the labels 1 MiB


def test_the_first_samples_of_a_columnwise_array_are_its_first_rows(npz: Path) -> None:
    values = np.arange(24.0).reshape(4, 3, 2)
    assert np.array_equal(loaded(npz, 2, inputs=np.asfortranarray(values)).values, values[:2])


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ("(4,999", "<f4"),
        ("(4, -3)", "<f4"),
        ("(4, 3", "<f4"),
        ("(4, 3)", "<z4"),
        ("(4, x)", "<f4"),
        ("[[[", "<f4"),
    ],
)
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_damaged_header_is_one_message(tmp_path: Path, suffix: str, shape: str, dtype: str) -> None:
    path, damaged = tmp_path / f"x.{suffix}", header(shape, dtype) + bytes(48)
    if suffix == "npy":
        path.write_bytes(damaged)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", damaged)
    refused(path, "not readable as a NumPy file without pickles")
