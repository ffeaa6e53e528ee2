"""The asset store and what guards it: bytes named by their digest, and what they really are."""
