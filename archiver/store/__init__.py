"""The truth: vault (files) and ledger (events), and the catalogue that is derived from both."""
