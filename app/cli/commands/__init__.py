"""What can be typed: words, options and help of each command. What a command does stands beside this folder."""
