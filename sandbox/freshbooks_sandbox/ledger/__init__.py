"""Double entry, derived from the documents, so that journal, statements and reports tie by construction.

`documents` says what each document puts in the books, net and tax; `journal` turns documents and
payments into postings that balance per entry; `chart` and `tables` show accounts and postings as the
API does. The readings behind the figures stand in `freshbooks_sandbox.reports`.
"""
