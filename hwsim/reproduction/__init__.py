"""The papers' tables beside what this project computes, simulates or has trained (``hwsim reproduce``)."""
