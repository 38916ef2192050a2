"""The process that executes one experiment with Chaos Toolkit, and tells its supervisor about each step.

It imports nothing of the console. `spec` and `entry` are light, so that the server can name them without
loading Chaos Toolkit; the fork server loads `main` once, for every child.
"""
