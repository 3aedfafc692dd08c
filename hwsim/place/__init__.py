"""Networks on chips of many cores: slices of populations, their traffic, and where they lie."""
