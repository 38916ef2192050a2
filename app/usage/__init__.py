"""What the console asks of AWS, counted, with what that costs."""
