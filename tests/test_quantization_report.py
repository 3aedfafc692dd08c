"""The report of bits: what its tables say and that executor and PyTorch agree (``make quantization``)."""

from benchmarks.quantization import BITS, Case, rows_of, table_of
from hwsim.workloads import WorkloadSpec


def test_fewer_bits_need_fewer_bytes_and_every_spike_is_pytorchs() -> None:
    rows = list(rows_of(Case(WorkloadSpec("fashion"), 4, 1, "two images")))
    by_bits = {row["bits"]: row for row in rows}
    assert len(rows) == len(BITS)
    # 47,376 weights; 34,496 states
    assert by_bits["4/12"]["weight_bytes"] == 47376 // 2
    assert by_bits["16/16"]["weight_bytes"] == 47376 * 2
    assert by_bits["8/12"]["state_bytes"] * 4 == by_bits["8/16"]["state_bytes"] * 3
    assert by_bits["4/12"]["dram_bytes"] < by_bits["8/16"]["dram_bytes"] < by_bits["16/16"]["dram_bytes"]
    assert all(row["differing"] == 0 and row["compared"] > 50000 for row in rows if row["bits"] != "float")
    assert table_of(rows).count("\n") == len(BITS) + 1
