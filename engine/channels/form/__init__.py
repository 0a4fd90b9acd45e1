"""Web forms that open cases."""
