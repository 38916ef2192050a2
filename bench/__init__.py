"""Speed and size, side by side in one run. Nothing of it is asserted: machines are shared and noisy."""
