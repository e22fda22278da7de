"""Why the engine does not answer: the request is wrong, or the selection is not for it."""


class Refused(Exception):
    """The request asks for something that cannot be answered; `path` names the argument."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class Unplanned(Exception):
    """The selection reaches a field that Python answers: graphql-core runs it, with planned parts."""
