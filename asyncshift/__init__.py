"""asyncshift moves a Python code base from synchronous SQLAlchemy to AsyncSession."""
