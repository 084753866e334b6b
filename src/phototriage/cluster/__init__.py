"""Measuring photos on many machines, on Ray Data: the same numbers, in the same store."""
