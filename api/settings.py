"""What can be configured: one frozen value, read once from ALUMNI_* variables and passed down."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything an installation may set. Each field is the environment variable ALUMNI_<FIELD> in upper case."""

    model_config = SettingsConfigDict(env_prefix="ALUMNI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["production", "development"] = "production"
    """`development` adds GraphiQL, open introspection and, if asked for, the development issuer."""
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("var")
    """Where the embedded database, the exported model and the development key live."""
    database_url: str | None = Field(default=None, repr=False)
    """postgresql://... of a PostgreSQL >= 15 with pgvector >= 0.8. Unset: the embedded server under `data_dir`."""
    database_pool_size: int = 10
    statement_seconds: float = Field(default=20.0, gt=0)
    """Longer statements of requests are broken off. Work in the background has all the time it needs."""
    operations_at_once: int = Field(default=16, gt=0)
    """So many requests of a process are worked on at the same time; the next wait a moment, or are told to."""
    streams_at_once: int = Field(default=5_000, gt=0)
    """So many WebSockets, and so many subscriptions, are open on a process, half as many of one address."""

    max_operation_cost: int = 10_000
    """What one operation may cost at most, where an object of the answer costs 1: decision 0014."""

    cost_per_second: float = Field(default=1_000, ge=0)
    """What an account may ask for in a second, a minute's worth at once, and ten times that an address; 0: no bound."""

    oidc_issuer: str | None = None
    """Issuer URL of the OpenID provider whose tokens are accepted: it publishes /.well-known/openid-configuration."""
    oidc_audience: str | None = None
    """The audience that a token must name. Required with `oidc_issuer`."""
    clock_skew_seconds: int = 60
    staff_second_factor: Literal["when_stated", "required", "off"] = "when_stated"
    """Whether officers need a token that states a second factor: always, or of an issuer that says how people signed in
    (`amr`, or `acr` where `staff_acr_values` says what to make of it)."""
    staff_acr_values: str = Field(default="", pattern=r"^[\x20\x21\x23-\x5b\x5d-\x7e]*$")
    """The values of `acr` that mean a second factor at this issuer, with spaces between. Clients are told them."""
    development_issuer: bool = False
    """Accept tokens that `alumni token` signs with the key in `data_dir`: only in development, and on loopback."""

    metrics_token: SecretStr | None = Field(default=None, min_length=16)
    """Who brings this as a bearer token may read /metrics. Unset: there is no such path."""

    trusted_documents_only: bool = False
    """Run no document but those that `alumni documents import` has loaded."""

    embedding_model: str = "all-MiniLM-L6-v2"
    """A sentence-transformers model by name or path, with 384 dimensions."""
    embedding_backend: Literal["onnx", "torch"] = "onnx"
    """How the vectors that are kept are made: by an int8 export of the model, or by torch, less than half as fast."""
    embed_in_worker: bool = True
    """Whether `alumni serve` starts a worker as a child process."""

    @property
    def models_dir(self) -> Path:
        """Where the worker leaves the exported model, and API processes look for it."""
        return self.data_dir / "models"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.database_url is not None:
            _check_readable(self.database_url)
        if self.oidc_issuer and not self.oidc_audience:
            raise ValueError(
                "ALUMNI_OIDC_AUDIENCE is missing: set it to the audience that tokens for this server carry."
            )
        if self.development_issuer and self.environment != "development":
            raise ValueError(
                "ALUMNI_DEVELOPMENT_ISSUER needs ALUMNI_ENVIRONMENT=development: it signs in whoever holds the key."
            )
        if self.development_issuer and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(
                "ALUMNI_DEVELOPMENT_ISSUER needs ALUMNI_HOST on loopback: other machines must not reach it."
            )
        return self


def _check_readable(url: str) -> None:
    """Refuse an address that libpq would misread: it says what it stumbled over, which may be the password."""
    from psycopg import ProgrammingError  # noqa: PLC0415 - only where there is an address
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        known = conninfo_to_dict(url)
    except ProgrammingError:
        known = None
    if known is None or "@" in str(known.get("host", "")):
        raise ValueError(
            "ALUMNI_DATABASE_URL cannot be read. In user and password write @ as %40, : as %3A, / as %2F and % as %25."
        )
