"""What writes pages and pictures of the documentation from the code: ``make reference``."""
