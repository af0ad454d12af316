"""The generator of the demo corpus (needs the extra 'demo')."""
