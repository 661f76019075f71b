"""A few figures about a text."""
