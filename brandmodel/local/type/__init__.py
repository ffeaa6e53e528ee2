"""Typography: faces, lines, contrast, logo."""
