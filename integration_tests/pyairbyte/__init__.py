"""The source under a real client, PyAirbyte, in an environment of its own (`make pyairbyte-test`)."""
