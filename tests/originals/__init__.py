"""Small sync applications: what `asyncshift demo` migrates, and what stands migrated under target/."""
