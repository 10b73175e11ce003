"""What people touch: chat page, HTTP API, command line."""
