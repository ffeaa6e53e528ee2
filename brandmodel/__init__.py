"""brandmodel."""
