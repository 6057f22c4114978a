"""The store's catalog: how it is made up from a seed, kept, indexed and written out as JSON."""
