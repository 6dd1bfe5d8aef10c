"""Evidence: what was seen while a project's own suite, or its application, ran."""
