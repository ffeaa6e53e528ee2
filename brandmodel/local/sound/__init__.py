"""The sound room: voice, music, effects, word times and the mix, all computed."""
