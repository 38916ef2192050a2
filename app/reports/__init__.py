"""A run as a document: for people, and for machines that collect test results."""
