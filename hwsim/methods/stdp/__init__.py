"""Diehl-and-Cook networks that learn digits by STDP, without labels (docs/stdp.md)."""
