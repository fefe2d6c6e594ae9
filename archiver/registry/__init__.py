"""The registry (Registratur): dossiers, periods, holds and disposition, from papers to proof.

Promises that what is asked here is reckoned from the catalogue and the rules in force on the day,
and that every step is a step of a matter's state machine, written in the ledger.
"""
