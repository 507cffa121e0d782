"""The pages of `freshbooks serve`: rendered on the server, no framework, no script needed."""
