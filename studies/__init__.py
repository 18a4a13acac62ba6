"""Studies: whether the figures that the library prints hold. Nothing imports them; docs/ quotes them."""
