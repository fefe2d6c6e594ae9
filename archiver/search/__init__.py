"""Full-text search: the query language, the German of the index, the engines, the snippets.

Promises that a query means the same whichever engine answers it: the language (`query`), the
words (`german`, `stemmer`) and the rules of matching (`columns`, `matching`) are pure and shared;
an engine (`tantivy_index`, `whoosh_index`) only stores columns and intersects them.
"""
