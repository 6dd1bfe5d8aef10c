"""What the code means: files, names, values, mapped classes, colours, the plan. Standard library only."""
