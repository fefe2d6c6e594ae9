"""Classification: text to record class and fields, with evidence, or no answer."""
