"""The indicators: one file, one class each; found by being here.

To add one, copy the nearest file, change its facts and its formula, and run ``make test``: the
catalogue, the gauge, the panel, the README's row and the contract tests come from that file.
"""
