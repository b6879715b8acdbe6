"""The forms in which events leave and come in: one module for each. They know the vocabulary and not the store."""
