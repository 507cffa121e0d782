"""What every part of the hub builds on: the home, its files and database, clock, errors, locks."""
