"""What to change: one rewrite a file."""
