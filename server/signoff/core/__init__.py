"""The pure core: what happened, what may happen, and what the world still owes. No I/O, no clock, no randomness."""
