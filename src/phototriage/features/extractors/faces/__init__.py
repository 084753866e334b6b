"""The `faces` block: where faces are, whether their eyes are open, whether they are in focus."""
