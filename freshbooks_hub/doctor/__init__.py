"""Problems and how to fix them: checks of the home, the machine, the connection, the files and the locks."""
