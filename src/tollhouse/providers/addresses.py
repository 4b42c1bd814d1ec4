"""Where a provider's endpoints are and how a request identifies itself there. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from tollhouse.domain.errors import ConfigError
from tollhouse.domain.providers import ProviderSpec

_AZURE_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com")
_NO_DEPLOYMENT = ("/responses", "/models")  # Azure's classic paths that name the model in the body, or none


@dataclass(frozen=True, slots=True)
class Address:
    """
    One provider's base URL, taken apart once.

    Args:
        origin: `https://host[:port]`.
        base: the path before every endpoint's, without a final slash.
        api_version: Azure's query parameter, if set.
        by_deployment: Azure's classic form, in which the path names the deployment.
        key_header: the header that carries the key, and what stands before the key in it.
    """

    origin: str
    base: str
    api_version: str | None
    by_deployment: bool
    key_header: tuple[str, str]

    def target(self, path: str, model: str) -> str:
        """Return path and query for an endpoint's path, which may have a query of its own."""
        if self.by_deployment and not path.startswith(_NO_DEPLOYMENT):
            path = f"/deployments/{quote(model, safe='')}{path}"
        if self.api_version is None:
            return self.base + path
        joint = "&" if "?" in path else "?"
        return f"{self.base}{path}{joint}api-version={quote(self.api_version, safe='')}"


def address(spec: ProviderSpec) -> Address:
    """
    Read a provider's base URL.

    Azure is known by its host or by `api_version`. A base URL that ends in `/v1` is its newer form, which needs no
    version; any other its classic form, which does. Raises ConfigError.
    """
    parts = urlsplit(spec.base_url or "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"provider {spec.name}: base_url must be http(s)://host…; give the address that the provider documents"
        )
    base = parts.path.rstrip("/")
    is_azure = parts.hostname.endswith(_AZURE_HOSTS) or spec.api_version is not None
    is_classic = is_azure and not base.endswith("/v1")
    if is_classic and spec.api_version is None:
        raise ConfigError(f"provider {spec.name}: set api_version, or a base_url that ends in /openai/v1")
    return Address(
        origin=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        base=base + "/openai" if is_classic and not base.endswith("/openai") else base,
        api_version=spec.api_version,
        by_deployment=is_classic,
        key_header=("api-key", "") if is_azure else ("authorization", "Bearer "),
    )
