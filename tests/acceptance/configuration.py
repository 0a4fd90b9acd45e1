"""The organisation of the acceptance tests: small, and quick where the demo waits."""

from pathlib import Path

FILES = {
    "organisation.yaml": """
organisation:
  id: demo
  name: Test Outfitters
  missed_offers: {missed_offers}
  missed_status: break
  lost_agent_grace: {lost_agent_grace}
  lease: {lease}
dispositions:
  solved: Solved
  other: Other
""",
    "skills.yaml": """
skills:
  english: {{ name: English }}
  billing: {{ name: Billing }}
""",
    "queues.yaml": """
queues:
  sales:
    name: Sales
    target: 30s
    offer_timeout: {offer_timeout}
    wrapup: 60s
    decline_memory: {decline_memory}
    escalate_after: {escalate_after}
  billing:
    name: Billing
    target: 30s
    offer_timeout: {offer_timeout}
    wrapup: 60s
    decline_memory: {decline_memory}
    skills: {{ billing: 3 }}
    {hours}
hours:
  never:
    monday: ["00:00-00:01"]
""",
    "statuses.yaml": """
statuses:
  available: {{ name: Available, kind: available, channels: [chat] }}
  break: {{ name: Break, kind: break }}
  offline: {{ name: Offline, kind: offline }}
""",
    "profiles.yaml": """
profiles:
  standard:
    units: {units}
    channels:
      chat: {{ weight: 1 }}
""",
    "channels.yaml": """
channels:
  web:
    kind: chat
    name: Web chat
    greeting: Welcome!
    queue: sales
    allowed_origins: [self]
    topics: {{ order: An order, invoice: An invoice }}
    case_policy: {case_policy}
    visitor_grace: {visitor_grace}
    idle_warning: {idle_warning}
    idle_close: {idle_close}
    limits: {{ {limits} }}
""",
    "rules.yaml": """
rules:
  - name: Invoice
    when: {{ topics: [invoice] }}
    then: {{ queue: billing }}
""",
    "agents.yaml": """
agents:
  ana: {{ name: Ana Silva, profile: standard, skills: {{ english: 9, billing: 8 }}, queues: [sales, billing] }}
  ben: {{ name: Ben Vogel, profile: standard, skills: {{ english: 6 }}, queues: [sales] }}
  sue: {{ name: Sue Okafor, role: supervisor }}
  ada: {{ name: Ada Lind, role: admin }}
""",
}

USUAL = {
    "missed_offers": "3",
    "lease": "20s",
    "lost_agent_grace": "30s",
    "offer_timeout": "30s",
    "decline_memory": "30s",
    "units": "2",
    "escalate_after": "10m",
    "hours": "",
    "case_policy": "first_message",
    "visitor_grace": "60s",
    "idle_warning": "5m",
    "idle_close": "2m",
    "limits": "sockets_per_address: 200, address_rate: 1000, address_burst: 1000",
}


def write_configuration(directory: Path, **changes: str) -> Path:
    """Write the files, with ``changes`` to ``USUAL``; return the directory."""
    values = USUAL | changes
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (directory / name).write_text(text.format(**values).lstrip())
    return directory
