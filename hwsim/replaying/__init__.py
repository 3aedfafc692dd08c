"""Engines on their own, for users with a trace and no network: ``hwsim replay``."""
