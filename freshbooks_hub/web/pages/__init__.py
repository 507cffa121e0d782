"""One module for each page; every module has `routes`."""
