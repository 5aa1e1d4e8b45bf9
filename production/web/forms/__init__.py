"""The forms of the production pages."""
