"""Times SCALE-Sim 3.0.0 on one convolution of a 16 x 16 output-stationary array; prints JSON.

Run by benchmarks.performance with the Python of .venv-scalesim (``make perf``):
``scalesim_layer.py SIDE KERNEL CHANNELS FILTERS``, SIDE with its padding.
"""

import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

from scalesim.scale_sim import scalesim

CHIP = """[general]
run_name = layer
[architecture_presets]
ArrayHeight: 16
ArrayWidth: 16
IfmapSramSzkB: 1024
FilterSramSzkB: 1024
OfmapSramSzkB: 1024
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: os
Bandwidth: 10
MemoryBanks: 1
ReadRequestBuffer: 32
WriteRequestBuffer: 32
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 0
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""


def main(side: int, kernel: int, channels: int, filters: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "chip.cfg").write_text(CHIP)
        layer = f"conv,{side},{side},{kernel},{kernel},{channels},{filters},1,\n"
        (folder / "net.csv").write_text("layer,H,W,FH,FW,C,N,S,\n" + layer)
        (folder / "layout.csv").write_text("layer\nconv," + "1," * 20 + "\n")
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            tool = scalesim(
                save_disk_space=True,
                verbose=False,
                config=str(folder / "chip.cfg"),
                topology=str(folder / "net.csv"),
                layout=str(folder / "layout.csv"),
            )
            tool.run_scale(top_path=name)
        seconds = time.perf_counter() - began
        cycles = int(tool.runner.single_layer_sim_object_list[0].total_cycles)
    sys.stdout.write(json.dumps({"seconds": seconds, "cycles": cycles}) + "\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
