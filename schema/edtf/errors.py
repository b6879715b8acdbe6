"""The one exception of the package."""


class EdtfError(ValueError):
    """A text is not an EDTF date, or a window cannot be made of two dates.

    `detail` says what is wrong; `suggestion` says what would be right, and is None where that is not certain;
    `parameter` is `date_from` or `date_to` where the fault lies with one bound of a window, else None.
    """

    detail: str
    suggestion: str | None
    parameter: str | None

    def __init__(self, detail: str, suggestion: str | None = None, parameter: str | None = None) -> None:
        super().__init__(detail if suggestion is None else f"{detail}: {suggestion}")
        self.detail = detail
        self.suggestion = suggestion
        self.parameter = parameter

    def __reduce__(self) -> tuple[type["EdtfError"], tuple[str, str | None, str | None]]:
        return type(self), (self.detail, self.suggestion, self.parameter)
