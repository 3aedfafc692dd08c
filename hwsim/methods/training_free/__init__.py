"""SNASNet's search without training: random cells, and what an untrained network's spikes tell of them."""
