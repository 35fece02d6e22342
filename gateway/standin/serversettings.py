"""The settings of the stand-in, by the names and in the sections that Mattermost has them in, and what clients see."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from gateway.standin.incoming import MESSAGE_RUNES
from gateway.standin.refusal import VERSION, bad_body


class ServiceSettings(Struct, rename="pascal"):
    """Settings of hooks, posts and logins; times in seconds.

    Overrides are on here, unlike in a fresh Mattermost, and integrations on this machine may be called.
    """

    enable_incoming_webhooks: bool = True
    enable_post_username_override: bool = True
    enable_post_icon_override: bool = True
    enable_user_access_tokens: bool = True
    enable_bot_account_creation: bool = True
    enable_outgoing_webhooks: bool = True
    enable_commands: bool = True
    enable_developer: bool = False
    post_priority: bool = True
    post_edit_time_limit: int = -1
    outgoing_integration_requests_timeout: int = 30
    allowed_untrusted_internal_connections: str = "127.0.0.1 ::1 localhost"
    maximum_login_attempts: int = 10
    maximum_payload_size_bytes: int = 300_000
    maximum_url_length: int = field(default=2048, name="MaximumURLLength")


class FileSettings(Struct, rename="pascal"):
    """Settings of uploads; the size in bytes."""

    enable_file_attachments: bool = True
    max_file_size: int = 104_857_600


class RateLimitSettings(Struct, rename="pascal"):
    """The rate limit: requests a second, and how many more at once. Unlike the real ones these act at once."""

    enable: bool = False
    per_sec: Annotated[int, Meta(ge=1)] = 10
    max_burst: Annotated[int, Meta(ge=1)] = 100
    vary_by_remote_addr: bool = True
    vary_by_user: bool = False


class Settings(Struct):
    """All sections."""

    service: ServiceSettings = field(default_factory=ServiceSettings, name="ServiceSettings")
    file: FileSettings = field(default_factory=FileSettings, name="FileSettings")
    rate: RateLimitSettings = field(default_factory=RateLimitSettings, name="RateLimitSettings")

    def patched(self, patch: Mapping[str, Any]) -> "Settings":
        """The settings with those of `patch` changed; unknown names are ignored. Raises RefusedError."""
        known = msgspec.to_builtins(self)
        try:
            for section in known.keys() & patch.keys():
                known[section] |= msgspec.convert(patch[section], dict[str, Any])
            return msgspec.convert(known, Settings)
        except msgspec.ValidationError as error:
            raise bad_body("config") from error

    def client(self, *, known: bool) -> dict[str, str]:
        """The settings as a client sees them; most of it only to those that are `known`."""
        shown = {
            "Version": VERSION,
            "BuildNumber": VERSION,
            "EnableBotAccountCreation": _word(self.service.enable_bot_account_creation),
            "SiteName": "Stand-in",
        }
        if not known:
            return shown
        service, file = self.service, self.file
        return shown | {
            "MaxPostSize": str(MESSAGE_RUNES),
            "MaxFileSize": str(file.max_file_size),
            "EnableFileAttachments": _word(file.enable_file_attachments),
            "EnableIncomingWebhooks": _word(service.enable_incoming_webhooks),
            "EnableOutgoingWebhooks": _word(service.enable_outgoing_webhooks),
            "EnableCommands": _word(service.enable_commands),
            "EnablePostUsernameOverride": _word(service.enable_post_username_override),
            "EnablePostIconOverride": _word(service.enable_post_icon_override),
            "EnableUserAccessTokens": _word(service.enable_user_access_tokens),
            "PostPriority": _word(service.post_priority),
            "PostEditTimeLimit": str(service.post_edit_time_limit),
            "AllowPersistentNotifications": "true",
            "PersistentNotificationMaxRecipients": "5",
        }


def _word(value: bool) -> str:
    return "true" if value else "false"
