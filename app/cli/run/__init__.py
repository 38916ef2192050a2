"""`gameday run`: one run, on a console or right here, watched to its verdict."""
