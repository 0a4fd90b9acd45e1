"""Cordboard, an omni-channel contact-center engine: arrivals become work items, work items find their agent."""

__version__ = "0.1.0"
