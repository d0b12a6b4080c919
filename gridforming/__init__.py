"""Converters, storage and networks in the time domain: grid-following against grid-forming."""
