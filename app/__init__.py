"""The application: the service that joins reading, storing and thinking, and its two faces."""
