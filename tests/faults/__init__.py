"""What clients see when something under the API breaks: real processes, a real PostgreSQL, real faults."""
