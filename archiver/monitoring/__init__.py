"""Monitoring: what is wrong with the machine and its archive, told to whoever sleeps or watches.

One idea: the state of everything (`archiver status`) becomes *signs*, each a key, a grade and a
sentence (`signs`). They are shown as one line for monitoring programs, written as figures for
Prometheus (`metrics`), or sent as alarms by mail and webhook (`alarms`, `delivery`).
"""
