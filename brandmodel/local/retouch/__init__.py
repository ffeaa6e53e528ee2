"""Working on pictures that exist: judge, grade, enlarge, cut out, place."""
