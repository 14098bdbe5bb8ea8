"""Commands for whoever runs the service: they read its settings, and reach its neighbours."""
