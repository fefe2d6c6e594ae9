"""Retention: when a record may go, why, and what stops it.

Promises pure thinking: no clock, no files, no catalogue. What it answers can be told step by step
(`archiver.phrases.step`), and a later day never changes what was true on an earlier one.
"""
