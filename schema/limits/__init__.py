"""How much one request may ask for: how large a document, what variables, at what cost."""
