"""What crosses the HTTP border, as pydantic models with a function from each noun."""
