"""What every channel adapter offers."""

from typing import ClassVar, Protocol


class Adapter(Protocol):
    """One way in: takes customers in, brings answers back."""

    kind: ClassVar[str]  # as in the configuration's channels and in capacity profiles

    async def stop(self) -> None:
        """Let go of everything that is open, so that customers can come back to another process."""
        ...
