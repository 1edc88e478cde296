"""Wording of numbers on pages."""
