"""Questions of owners, bookkeepers and analysts, the calls that answer each, and the right answers.

The calls are written down, so no model is needed; the answers come from SQL of their own on the tables, not from tools.
"""
