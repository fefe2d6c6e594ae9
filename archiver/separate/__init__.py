"""Separation: one batch becomes documents, and no page is lost on the way.

Promises that the thinking is pure and stands apart from the doing: `sheets` (what a mark says),
`division` (which page belongs where, with proof), `interleave` (two stacks in one order) know no
files; `marks` sees pixels only, `split` cuts received files and belongs into the cage, `labels`
prints.
"""
