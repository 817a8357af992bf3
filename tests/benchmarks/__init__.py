"""Costs as ratios that anybody can run again: `make bench`. Never part of the tests."""
