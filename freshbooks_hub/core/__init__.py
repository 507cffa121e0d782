"""What every part of the hub stands on: the home, its files and database, clock, errors, locks."""
