"""Proof: what the ledger's head was on a day, sealed so that others can check it."""
