"""A Bowline peer and operator in Python, written from `spec/` alone.

Nothing here was taken from the Rust code. Where the two differ, `spec/` says which one is wrong.
"""
