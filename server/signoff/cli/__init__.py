"""The terminal's door: an ordinary client of the language server."""
