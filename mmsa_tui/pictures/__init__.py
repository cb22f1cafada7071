"""Pictures: found, opened, decoded and shrunk in one way for the model, the app, tables and reports."""
