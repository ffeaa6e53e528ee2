"""The local studio: procedural picture, type, writing and search; no trained model, no network."""
