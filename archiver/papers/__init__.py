"""Papers that the archive itself makes: typeset once, as PDF/A, from plain values."""
