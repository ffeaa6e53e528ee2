"""Runs recipes: the only room that sees table, provider and journal together."""
