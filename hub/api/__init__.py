"""HTTP: typed endpoints, their OpenAPI document, problems, and the three origins."""
