"""What is wrong, and how to fix it: checks of the home, the machine, the connection, the files and the locks."""
