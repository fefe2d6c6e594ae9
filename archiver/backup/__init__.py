"""Back-ups: sets of what the archive was at one line of its ledger, in a folder elsewhere.

Promises that a set is whole when it is announced, that bytes which are there already are not
copied again, that good bytes are never replaced by damaged ones, and that whatever is damaged is
named by the document that it belongs to.
"""
