"""The editor's door: the language server. The only room that imports pygls and lsprotocol."""
