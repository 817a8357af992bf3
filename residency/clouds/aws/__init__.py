"""Amazon Web Services: sessions, calls, refusals, keys."""
