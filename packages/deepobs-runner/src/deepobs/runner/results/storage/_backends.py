"""The kinds of object storage, and how an address is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ...common import UsageError, is_address, unknown
from ._local import LocalStorage
from ._storage import Address, Storage

# What `Path` makes of an address: it drops a slash.
_ADDRESS_AS_PATH = re.compile(r"(s3|gs|az):/([^/].*)", re.DOTALL)
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 10, 20, 4


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A kind of object storage.

    Each creates an object only if there is none of that name by a conditional write, which fsspec
    calls `mode="create"`: the header `If-None-Match: *` of S3 and of Azure,
    `ifGenerationMatch=0` of Google.

    Attributes:
        package: The package of its fsspec file system.
        cls: The class of the file system.
        modified: The field of fsspec's listings that holds the modification time.
        bucket: What it calls a bucket.
        credentials: Where its library looks for credentials.
        options: Arguments of the file system: time limits and the number of attempts.
    """

    package: str
    cls: str
    modified: str
    bucket: str = "bucket"
    credentials: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> Any:
        """Returns the file system.

        Raises:
            ImportError: If its package is not installed.
        """
        system = getattr(import_module(self.package), self.cls)(
            use_listings_cache=False,  # other machines write, too
            **self.options,
        )
        if self.package == "s3fs":
            system.retries = 1  # botocore's own attempts cover all errors; s3fs would repeat them
        return system


BACKENDS: Mapping[str, Backend] = {
    "s3": Backend(
        package="s3fs",
        cls="S3FileSystem",
        modified="LastModified",
        credentials="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `aws configure`",
        options={
            "config_kwargs": {
                "connect_timeout": _CONNECT_SECONDS,
                "read_timeout": _READ_SECONDS,
                "retries": {"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            }
        },
    ),
    "gs": Backend(
        package="gcsfs",
        cls="GCSFileSystem",
        modified="mtime",
        credentials="GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`",
        options={"requests_timeout": _READ_SECONDS},
    ),
    "az": Backend(
        package="adlfs",
        cls="AzureBlobFileSystem",
        modified="last_modified",
        credentials="AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and `az login`",
        bucket="container",
        options={"connection_timeout": _CONNECT_SECONDS, "read_timeout": _READ_SECONDS},
    ),
}


def folder_on_disk(root: Address, what: str, advice: str) -> Path:
    """Returns the path of a results folder, for files that other libraries write.

    Args:
        root: The results folder, or its address in object storage.
        what: What writes files there, for the error message.
        advice: What to do instead, for the error message.

    Raises:
        UsageError: If the results are in object storage.
    """
    if is_address(root):
        raise UsageError(f"{what} writes files, which needs a folder rather than {root}; {advice}.")
    return Path(root)


def open_storage(root: Address) -> Storage:
    """Opens a results folder, or the address of one in object storage.

    Args:
        root: A path, or `s3://bucket/folder`, `gs://bucket/folder` or `az://container/folder`.

    Raises:
        UsageError: If the address is wrong, or needs a package that is not installed.
    """
    if not is_address(root):
        if flattened := _ADDRESS_AS_PATH.fullmatch(str(root)):
            scheme, rest = flattened.groups()
            raise UsageError(
                f"{root} is a path, not an address; write '{scheme}://{rest}', as a text rather "
                "than as a Path."
            )
        return LocalStorage(Path(root))
    scheme, rest = str(root).split("://", 1)
    if scheme not in BACKENDS:
        advice = f"results are kept in a folder, or at {', '.join(f'{s}://' for s in BACKENDS)}."
        raise unknown("kind of storage", scheme, BACKENDS, advice)
    backend = BACKENDS[scheme]
    parts = [part for part in rest.split("/") if part]
    if not parts or any(part in (".", "..") for part in parts):
        raise UsageError(
            f"{str(root)!r} is no address of results; expected {scheme}://{backend.bucket}/folder."
        )
    try:
        from ._objects import ObjectStorage

        return ObjectStorage(backend, backend.open(), scheme, "/".join(parts))
    except ImportError as error:
        raise UsageError(
            f"Results at {scheme}:// need {backend.package}, which is not installed: "
            "pip install 'deepobs-runner[cloud]'."
        ) from error
    except (ValueError, OSError) as error:  # such as Azure without the name of an account
        reason = " ".join(str(error).split()).rstrip(".!")
        raise UsageError(
            f"{root} cannot be opened ({reason}); set {backend.credentials}."
        ) from error
