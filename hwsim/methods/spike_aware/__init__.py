"""AutoSNN's search: blocks of a macro architecture chosen by accuracy and by what they cost."""
