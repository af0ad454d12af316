"""Multimodal sentiment analysis of talking-face clips: the logic behind the workflow."""

__version__ = "0.1.0"
