"""Recognition: page image to words with boxes and confidence, document to PDF/A.

Nothing in here parses a received file in the caller's own process: `reader` does it in a caged
process that lives for one document, `engine` sees pixels only.
"""
