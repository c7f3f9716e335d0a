"""Telling people: what an alert says to a machine, and the relay that brings it there."""
