"""Webhooks of the office: who is told of what happens here, for administrators to set up and to look after."""
