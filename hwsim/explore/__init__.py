"""Design-space exploration: points of a space file, evaluated anywhere, gathered in one store."""
