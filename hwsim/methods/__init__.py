"""The papers' methods, one file a paper."""
