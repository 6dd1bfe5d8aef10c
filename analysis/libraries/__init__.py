"""What is known of libraries: one TOML table each, read by `asyncshift.analysis.library`."""
