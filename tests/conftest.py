"""Every test runs PyTorch in one thread, also in processes of its own.

Networks of tests are small: a second thread brings nothing, and beside others (pytest -n) it waits for a core
while it holds the first one up.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when PyTorch is first imported
