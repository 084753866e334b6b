"""Why a request is not answered."""

__all__ = ["RequestError"]


class RequestError(Exception):
    """A request that cannot be answered; the text is one line for people, `status` the HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
