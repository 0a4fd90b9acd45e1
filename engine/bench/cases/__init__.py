"""`cordboard bench cases`: what the service desk's requests cost at scale."""
