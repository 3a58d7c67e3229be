"""Covers for MkDocs articles: planned, priced, bought once, published."""

__version__ = "0.1.0"
