"""Lists of the rows of a mart: searched, filtered, sorted, paged, added up per currency, and given as files."""
