"""Orchestration: runs sessions on ports. Knows asyncio and the core, no vendor library."""
