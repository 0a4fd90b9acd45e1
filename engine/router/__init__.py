"""The router: the only place that matches work items with agents. See README.md."""
