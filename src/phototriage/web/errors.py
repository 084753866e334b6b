"""Why a request is not answered."""

__all__ = ["RequestError"]


class RequestError(Exception):
    """A request that cannot be answered; the text is one line for people, `status` the HTTP status.

    code: names what went wrong, for the page, where a person can run into it; else empty.
    """

    def __init__(self, status: int, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
