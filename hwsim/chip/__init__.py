"""Chips of event-driven cores: a placed network run tick by tick (docs/chip.md)."""
