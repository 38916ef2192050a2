"""The example pipeline on this machine: emulator, deployment, traffic, and their control."""
