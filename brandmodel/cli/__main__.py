"""``python -m brandmodel.cli``."""

from brandmodel.cli import main

main()
