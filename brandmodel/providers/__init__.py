"""The wires: one file each, two pure halves around one send. They know vendors, and nothing else."""
