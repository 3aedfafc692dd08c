"""Columns of hwsim.ledger.CAUSE_COLUMNS (S4) and of hwsim.program.REGIONS (S2), compiled into kernels.

WAIT_LOAD and MOVE_LOAD are followed by one column an operand, in the order of hwsim.program.LOADED.
LOAD_REGION and STORE_REGION: the region of each operand, in the order of LOADED and STORED.
"""

STREAM, IMBALANCE, CONFLICT, DECODE, PRELOAD, FILL_DRAIN = range(6)
WAIT_LOAD, WAIT_STORE, DEPENDENCY, PARTIAL_SUM, ARRAY_DRAIN = 6, 11, 12, 13, 14
UPDATE, SERIALIZATION, LANES, WAIT_ARRAY, WAIT_OUTPUT, LIF_DRAIN = range(15, 21)
MOVE_LOAD, MOVE_STORE, IDLE = 21, 26, 27

LOAD_REGION = (0, 1, 2, 3, 4)
STORE_REGION = (5, 2, 3, 4)
