def broken(:  # AS901
