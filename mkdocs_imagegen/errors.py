"""The error tree, the exit codes and the hints. Imports nothing of the package.

ImagegenError                 exit 1   what went wrong, where, and the one thing that mends it
├─ SettingsError              exit 1   mkdocs.yml or the environment
├─ SiteError                  exit 1   MkDocs or another plugin stopped the build
├─ ArticlesError              exit 1   front matter, under --strict
├─ TemplateError              exit 1   a prompt template that can't be rendered
├─ FrozenError                exit 1   mode frozen, and a cover is missing
├─ LockfileError              exit 1   imagegen.lock can't be read
├─ StalePlanError             exit 1   a saved plan that is not today's any more
├─ OverBudgetError            exit 4   a wall of `budget:` stands before the purchase
├─ RunStoppedError            exit 130 Ctrl-C, 143 SIGTERM; what was bought is kept
├─ NotBoughtError             exit 1   covers that could not be bought, under on_error: fail
├─ StoreError                 exit 1   the store can't be opened, read or written
│  └─ DamagedOriginalError    exit 1   paid bytes that are not what was stored
├─ PictureError               exit 1   bytes that are no picture we can publish
└─ ProviderError              exit 1   a request to the Image API that brought no picture
   ├─ AuthenticationError              the key is refused                   (stops the run)
   ├─ AccessError                      the organisation or country is       (stops the run)
   ├─ ModelError                       no such model, or a retired one      (stops the run)
   ├─ CreditError                      no credit, or a spend limit          (stops the run)
   ├─ RateError                        too many requests for now            (sent again)
   ├─ SafetyError                      the prompt was refused
   │  └─ PictureRefusedError           the picture that was made was        (may have been billed)
   ├─ RequestError                     the endpoint refused a parameter
   ├─ UpstreamError                    a fault on the other side            (sent again)
   ├─ ResponseTimeoutError             no answer in time                    (may have been billed)
   ├─ NetworkError                     no connection: nothing was sent      (sent again)
   ├─ AnswerError                      an answer without a usable picture   (stops, may be billed)
   └─ EndpointError                    this is no Image API                 (stops the run)
      └─ ForeignAnswerError            it took the request all the same     (may have been billed)

Exit codes: 0 fine, 1 error, 2 usage (click), 3 would change or pay (`--check`), 4 over budget,
130 and 143 stopped.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

EXIT_ERROR = 1
EXIT_WOULD_CHANGE = 3
EXIT_OVER_BUDGET = 4
EXIT_INTERRUPTED = 130


class ImagegenError(Exception):
    """An error whose message a person can act on.

    `str(error)` is the whole story: the message, then `hint:` and the mend.
    """

    exit_code: int = EXIT_ERROR
    spent_usd: Decimal | None = None
    """What was paid all the same, where a request ended with this error and the price is known."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class SettingsError(ImagegenError):
    """mkdocs.yml or the environment says something that can't be done."""


class SiteError(ImagegenError):
    """MkDocs, its theme or another plugin stopped the build that the plan is made from."""


class ArticlesError(ImagegenError):
    """Front matter is broken, and the run is strict."""


class TemplateError(ImagegenError):
    """A prompt template is missing, broken, or used a variable that is not there."""

    def __init__(
        self, message: str, *, hint: str = "", template: str = "", line: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.template = template
        self.line = line


class FrozenError(ImagegenError):
    """Mode frozen found a cover that is not in the store."""


class LockfileError(ImagegenError):
    """imagegen.lock holds a merge conflict, or is not what this version writes."""


class StalePlanError(ImagegenError):
    """A saved plan names other purchases than the site asks for by now."""


class OverBudgetError(ImagegenError):
    """The plan, or the next request of it, would break a wall of `budget:`."""

    exit_code = EXIT_OVER_BUDGET


class RunStoppedError(ImagegenError):
    """A person or the system stopped the run."""

    def __init__(self, message: str, *, exit_code: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class NotBoughtError(ImagegenError):
    """Covers that could not be bought, where the site or the article calls that an error."""


class StoreError(ImagegenError):
    """The store can't be opened, read or written."""


class DamagedOriginalError(StoreError):
    """Paid bytes are missing, short, or differ from the digest in their record."""


class PictureError(ImagegenError):
    """Bytes that can't be published: not a picture, too large, or of a refused format."""


class ProviderError(ImagegenError):
    """A request that brought no picture.

    `stops_run`: every further request would fail the same way, so none is sent.
    `maybe_billed`: the other side may have charged for it all the same.
    `passes`: the same request may succeed after a wait, and costs nothing more.
    """

    stops_run: ClassVar[bool] = False
    maybe_billed: ClassVar[bool] = False
    passes: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.request_id = request_id
        """The vendor's id of the request, `""` where it gave none."""
        self.retry_after_s = retry_after_s
        """How long the endpoint asks to wait, from now; `None` where it does not say."""


class AuthenticationError(ProviderError):
    """The endpoint does not accept the key."""

    stops_run = True


class AccessError(ProviderError):
    """The key is good, but its organisation or country may not do this."""

    stops_run = True


class ModelError(ProviderError):
    """The endpoint has no such model, or has it no more."""

    stops_run = True


class CreditError(ProviderError):
    """No credit is left, or a spend limit is reached."""

    stops_run = True


class RateError(ProviderError):
    """Too many requests for now."""

    passes = True


class SafetyError(ProviderError):
    """A safety system refused the prompt."""

    categories: tuple[str, ...] = ()
    """What it took the prompt for, in the endpoint's words."""


class PictureRefusedError(SafetyError):
    """A safety system refused the picture that was made."""

    maybe_billed = True


class RequestError(ProviderError):
    """The endpoint refused the request as it was written."""

    param: str = ""
    """The parameter that it names, `""` where it names none."""


class UpstreamError(ProviderError):
    """The endpoint failed."""

    passes = True


class ResponseTimeoutError(ProviderError):
    """The request was sent and no answer came in time."""

    maybe_billed = True


class NetworkError(ProviderError):
    """No connection could be made: nothing was sent."""

    passes = True


class AnswerError(ProviderError):
    """The endpoint answered with success, but without a picture that can be used."""

    stops_run = True
    maybe_billed = True


class EndpointError(ProviderError):
    """What answers at the base URL is no Image API."""

    stops_run = True


class ForeignAnswerError(EndpointError):
    """Another kind of API took the request: it answers with a task, a chat or a page."""

    maybe_billed = True
