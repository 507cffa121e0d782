"""The pages of `freshbooks serve`: rendered on the server, without a framework or required scripts."""
