"""`residency classify`: what nobody classified, and what each word that somebody could say would change."""
