"""Everything that hwsim is held against, as one page."""
