"""What the rooms need from the outside, one Protocol per file, in the words of the domain."""
