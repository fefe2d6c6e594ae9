"""Extraction: read pages or invoice data to fields with place, cue and confidence; no guesses."""
