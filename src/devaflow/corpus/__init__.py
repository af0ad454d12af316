"""Segments, clips, splits and data quality: what there is to learn from."""
