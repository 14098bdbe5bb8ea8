"""The OpenAPI description of the HTTP interface: what GET /openapi.json responds with."""
