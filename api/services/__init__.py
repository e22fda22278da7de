"""The domain's rules, one module per noun: async functions of (session, viewer, ...) that flush and never commit."""
