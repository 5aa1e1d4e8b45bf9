"""Production pages."""
