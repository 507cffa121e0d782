"""What `freshbooks status` and the Status page say."""
