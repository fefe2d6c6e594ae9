"""The drop folder: what a clerk puts there becomes an accession, and nothing is lost on the way.

`sightings` looks, `settling` decides what is finished, `claim` copies and takes, `notices` tells
the clerk, `wake` shortens the wait. The scan is the truth; events only wake it early.
"""
