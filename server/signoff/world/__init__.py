"""Adapters to the outside: model endpoints, stores, git, files. Each satisfies a Protocol of `runtime.ports`."""
