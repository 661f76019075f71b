"""What the model gets to see of the workspace."""
