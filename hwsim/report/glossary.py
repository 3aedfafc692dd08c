"""What a unit does or waits for in a cycle of each cause, in words (docs/machine.md, S4)."""

GLOSSARY: dict[str, dict[str, str]] = {
    "array": {
        "stream": "an input enters the array",
        "imbalance": "rows or PEs with shorter streams have ended",
        "conflict": "rows ask one bank for different weights in the same cycle",
        "decode": "spikes are merged into a stream more slowly than the array takes them",
        "preload": "weights or inputs that stay move into the PEs",
        "fill_drain": "the first operands travel in, the last ones out",
        "weight": "those of its next job are still on their way from DRAM",
        "input": "those of its next job are still on their way from DRAM",
        "membrane": "those of its next job are still on their way from DRAM",
        "hold": "the first layer's, computed once, are still on their way from DRAM",
        "spill": "sums of earlier K-tiles are still on their way from DRAM",
        "store": "the DRAM channel stores before it loads for the next job",
        "dependency": "what the next job reads is not yet stored",
        "partial_sum": "the operands are there, but no partial-sum bank is free",
        "drain": "no job is left; LIF units and stores end the run",
    },
    "lif": {
        "update": "bias, decay, threshold, reset",
        "serialization": "channel groups that share states run one after the other",
        "vector": "shortcuts are added, windows pooled",
        "array": "nothing to update until its pass has ended",
        "output": "no slot is free until a store has ended",
        "drain": "no job is left; stores end the run",
    },
    "dma": {
        "weight": "from DRAM into the weight buffer",
        "input": "from DRAM into the input buffer",
        "membrane": "states that are not kept on chip",
        "hold": "the first layer's, computed once",
        "spill": "sums of earlier K-tiles",
        "store": "outputs, states and held sums to DRAM",
        "idle": "nothing to move yet, or no buffer free to move it to",
    },
}
