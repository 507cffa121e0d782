"""Questions that people ask agents, the tool and arguments that answer them, and the right answers.

The answers come from the sandbox's own books in plain Python and `Decimal` (`ledger`), never from SQL.
"""
