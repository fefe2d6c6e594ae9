"""Measurements: how fast and how well, on real pages, beside the figures of the design."""
