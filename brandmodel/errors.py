"""Every error the project raises, on one page, and the one rule of what may be retried.

    BrandModelError
    ├── ConfigError            found before anything runs
    │   ├── TableError             a routing table: file, key, what was expected
    │   ├── BrandError             a brand kit: file, key, what was expected
    │   ├── UnknownModelError      no published model of that name
    │   ├── MissingExtraError      an optional part is not installed
    │   └── MissingCredentialError a target's key is not in the environment
    ├── RequestError           the caller's request
    │   ├── InvalidRequestError    a field is out of range, a file is not what it should be
    │   ├── UnknownRecipeError
    │   ├── UnknownRunError
    │   ├── ContextLengthError
    │   └── ContentFilteredError   refused by moderation
    ├── ProviderError          one failed attempt: status, code, retryable
    │   ├── AuthenticationError, CreditError, RateLimitError, UnknownTargetError, RejectedError,
    │   ├── JobFailedError         with BadResultError: it was made, and cannot be used,
    │   └── ProviderTimeoutError, UnavailableError, BadResponseError
    ├── RoutingError           every target failed; ``attempts`` holds them in order
    ├── StorageError           the journal or the store: damaged, newer, read-only, full
    └── RunError
        ├── RecipeError            a recipe broke one of the five laws
        ├── JournalMismatchError   the same run asked for something else the second time
        ├── BudgetExceededError    a cap would be passed; nothing was started
        ├── OutcomeUnknownError    a paid call may have started; its price stays held
        ├── StreamBrokenError      an answer broke off after its first words; ``text`` holds them
        └── RunCancelled

A message says what is wrong and where; ``hint`` says what to do. No message names a vendor: that
detail is in ``ProviderError.vendor`` and in the trace, for operators.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Fault = Literal["caller", "ours", "stopped"]


class BrandModelError(Exception):
    """Base of the tree.

    Attributes:
        hint: what to do about it, one sentence, or an empty string.
        fault: who can mend it; the command line turns it into its exit code.
    """

    fault: ClassVar[Fault] = "ours"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def message(self) -> str:
        """What is wrong and where, without the hint."""
        return str(self.args[0]) if self.args else type(self).__name__

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(BrandModelError):
    """Something is set up wrongly; found before anything runs."""

    fault = "caller"


class _FileError(ConfigError):
    def __init__(self, file: object, key: str, problem: str, *, hint: str = "") -> None:
        where = f"{file}: {key}" if key else str(file)
        super().__init__(f"{where}: {problem}", hint=hint)
        self.file = str(file)
        self.key = key


class TableError(_FileError):
    """A routing table is wrong at ``file``, ``key``."""


class BrandError(_FileError):
    """A brand kit is wrong at ``file``, ``key``."""


class UnknownModelError(ConfigError):
    """No published model of that name was found."""


class MissingExtraError(ConfigError):
    """An optional part of the package is not installed; the hint is the command that does it."""


class MissingCredentialError(ConfigError):
    """The environment variable that should hold a target's key is empty."""


class RequestError(BrandModelError):
    """The caller asked for something that cannot be done."""

    fault = "caller"


class InvalidRequestError(RequestError):
    """A field is out of range, or a file is not what it should be."""


class UnknownRecipeError(RequestError):
    """No recipe of that name, or none makes what was asked for."""


class UnknownRunError(RequestError):
    """No run of that id is in the journal."""


class ContextLengthError(RequestError):
    """The text is longer than the model takes."""


class ContentFilteredError(RequestError):
    """Refused by moderation.

    Attributes:
        started: the refusal is an answer that may be billed.
    """

    def __init__(self, message: str, *, hint: str = "", started: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.started = started


class ProviderError(BrandModelError):
    """One attempt at one target failed.

    Attributes:
        vendor: for operators; never part of the message.
        status: HTTP status, or None.
        code: the vendor's own code, or an empty string.
        detail: the vendor's own words, for operators; never part of the message.
        started: False when it is certain that nothing was started, so nothing can be billed.
        request_ids: by which the vendor knows the call; for operators.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        vendor: str = "",
        status: int | None = None,
        code: str = "",
        detail: str = "",
        started: bool = True,
    ) -> None:
        super().__init__(message, hint=hint)
        self.vendor = vendor
        self.status = status
        self.code = code
        self.detail = detail
        self.started = started
        self.request_ids: tuple[str, ...] = ()


class AuthenticationError(ProviderError):
    """The target did not accept the credentials."""


class CreditError(ProviderError):
    """The account has no credit, or its plan does not hold this."""


class UnknownTargetError(ProviderError):
    """The vendor has no such model, or has it no longer."""


class RejectedError(ProviderError):
    """The target calls the request wrong; another target may take it."""


class JobFailedError(ProviderError):
    """A job ended at the target's without a result; every other error of a look is about the look."""


class BadResultError(JobFailedError):
    """It was made, and billed, and cannot be used: an answer cut off, a picture that is none.

    Attributes:
        usage: what the vendor says was consumed, a ``tasks.Usage``; None where it does not say.
        usd_nano: what the vendor says it charged.
    """

    usage: object | None = None
    usd_nano: int | None = None


class RateLimitError(ProviderError):
    """Too many calls; ``retry_after_s`` is the target's own wish, or None."""

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        vendor: str = "",
        code: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(
            message, vendor=vendor, status=429, code=code, detail=detail, started=False
        )
        self.retry_after_s = retry_after_s


class ProviderTimeoutError(ProviderError):
    """No answer in time."""

    retryable = True


class UnavailableError(ProviderError):
    """The target is down, or its process ended."""

    retryable = True


class BadResponseError(ProviderError):
    """The answer was not what the contract says."""


class RoutingError(BrandModelError):
    """Every target of a task failed.

    Attributes:
        attempts: the failures, in order.
    """

    def __init__(
        self, message: str, *, attempts: tuple[ProviderError, ...] = (), hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.attempts = attempts


class StorageError(BrandModelError):
    """The journal or the asset store cannot be used: damaged, newer, read-only or full."""


class RunError(BrandModelError):
    """A run could not go on."""


class RecipeError(RunError):
    """A recipe broke one of the five laws that reuse and recovery rest on."""


class JournalMismatchError(RunError):
    """The same run asked for something else the second time."""


class BudgetExceededError(RunError):
    """A cap would be passed; what would have passed it was not started."""

    fault = "stopped"


class OutcomeUnknownError(RunError):
    """A paid call may have started something; its price stays held until it is looked up."""

    fault = "stopped"


class StreamBrokenError(RunError):
    """An answer broke off after its first words.

    Attributes:
        text: what had come until then.
        usd: what is charged for it.
    """

    def __init__(self, message: str, *, text: str, usd: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.usd = usd


class RunCancelled(RunError):
    """Stopped by the caller; finished steps are kept."""

    fault = "stopped"


def may_retry(error: BaseException) -> bool:
    """Whether the same target may be asked again: the one rule, used everywhere."""
    return isinstance(error, ProviderError) and error.retryable
