"""The mathematics of the indicators: pure, mergeable by integer addition, one estimator a file."""
