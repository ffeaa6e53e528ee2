"""``python -m brandmodel.cli``."""

from brandmodel.cli.commands import main

main()
