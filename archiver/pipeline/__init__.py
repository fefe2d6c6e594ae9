"""The way of a paper through the house: intake, steps, runner, projections for people."""
