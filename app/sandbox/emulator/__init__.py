"""The AWS of the sandbox: ministack in a process and session of its own, with what it lacks added.

`process` starts, finds and stops it; everything else runs inside it.
"""
