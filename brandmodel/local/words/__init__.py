"""Reading, planning and writing without a language model; keyword search."""
