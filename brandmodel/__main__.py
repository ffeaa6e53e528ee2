"""``python -m brandmodel``."""

from brandmodel.cli import main

main()
