"""How many neurons answer two samples differently, counted on bits."""
