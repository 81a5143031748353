"""How the built-in model of Leitmotif was made."""
