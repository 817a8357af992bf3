"""How facts are obtained: from live clouds, from plans, from files."""
