"""Measurements of the engine and of the page; ``make bench`` runs them."""
