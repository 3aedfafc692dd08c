"""DRAM at the level of its commands (rule D1): an engine of its own, for any trace of requests."""
