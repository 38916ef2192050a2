raise RuntimeError("this module breaks when it is imported")
