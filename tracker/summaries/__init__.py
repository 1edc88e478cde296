"""Computed answers as frozen dataclasses. No writes."""
