"""What FreshBooks does with a record when somebody creates or changes it.

Every `create(books, fields, at)` adds a complete row and returns it; every `change(books, row, fields, at)`
applies writable keys and recomputes what follows from them. Both raise `responses.ApiError`.
"""
