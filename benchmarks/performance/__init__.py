"""Speed and memory against stated goals."""
