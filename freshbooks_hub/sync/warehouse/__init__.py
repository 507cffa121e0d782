"""One PostgreSQL that many connections share: their rows in, one build for all, each tenant's marts out."""
