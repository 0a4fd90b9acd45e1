"""What is valid and yet cannot work well, one file per concern; ``engine.config.lint`` asks them all."""
