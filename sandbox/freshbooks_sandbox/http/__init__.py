"""The server: routes, the layer in front of them, and the control endpoints."""
