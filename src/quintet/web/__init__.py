"""The pages for browsers: rendered here, with small ES modules; no script inline."""
