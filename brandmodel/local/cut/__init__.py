"""Assembling a film: shots on their times, type in motion, end card, captions, one encode."""
