"""Chips of many cores, event-driven ones or tiles with arrays: a network on them, end to end."""
