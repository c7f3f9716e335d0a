"""The detectors: one file, one class each; found by being here.

A detector sees a bucket and what was expected of it, and says whether that is news. It is
causal, and it declares how often it is wrong when nothing happened.
"""
