"""Disclosure: copies for those who have a right to see papers, without what is not theirs to see.

Promises pure thinking: where words to be blackened stand, which bars cover them, which words
survive, what a proof asks for, and what is written about it.
"""
