"""Metrics, reference predictors, intervals and the metrics file."""
