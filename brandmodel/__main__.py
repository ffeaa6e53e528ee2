"""``python -m brandmodel``."""

from brandmodel.cli.commands import main

main()
