"""The state of the stand-in: its users, teams, channels and posts, and who may do what. No HTTP here.

The names of the permissions are Mattermost's. Two of its roles let a bot post where it is no member: `system_post_all`
everywhere, `system_post_all_public` in public channels.
"""

from collections import Counter, deque
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from gateway.standin import notices
from gateway.standin.attachments import name_actions
from gateway.standin.events import Hub
from gateway.standin.records import (
    Channel,
    Command,
    Cookie,
    Delayed,
    File,
    Hook,
    OpenedDialog,
    OutgoingHook,
    Post,
    Team,
    Token,
    User,
    Whisper,
    now,
)
from gateway.standin.refusal import RefusedError, new_id, permissions
from gateway.standin.serversettings import Settings
from gateway.standin.triggers import Triggers

ADMIN = "system_admin"


class World:
    """Everything that the stand-in keeps, by id. At most `keep` posts: the oldest give way. `stats` count what came.

    There is one team from the start, with two public channels, and `owner`, a member of it to whom hooks belong.
    """

    def __init__(self, keep: int) -> None:
        self.settings = Settings()
        self.stats: Counter[str] = Counter()
        self.users: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.channels: dict[str, Channel] = {}
        self.hooks: dict[str, Hook] = {}
        self.outgoing: dict[str, OutgoingHook] = {}
        self.tokens: dict[str, Token] = {}
        self.files: dict[str, File] = {}
        self.posts: deque[Post] = deque()
        self.replies: dict[str, list[Post]] = {}
        self.commands: dict[str, Command] = {}
        self.delayed: dict[str, Delayed] = {}
        self.whispers: deque[Whisper] = deque(maxlen=keep)
        self.versions: deque[Post] = deque(maxlen=keep)
        self.dialogs: deque[OpenedDialog] = deque(maxlen=keep)
        self.cookies: dict[str, Cookie] = {}
        self.triggers = Triggers()
        self.hub = Hub(self.is_valid)
        self._keep = keep
        self._posts: dict[str, Post] = {}
        self._names: dict[str, User] = {}
        self._slugs: dict[tuple[str, str], Channel] = {}
        self.home = self.new_team("home")
        self.owner = self.new_user("owner", team=self.home)

    def new_user(self, username: str, *, email: str = "", team: Team | None = None) -> User:
        """Make a person; give one a password, roles or the nature of a bot afterwards."""
        if username in self._names:
            raise RefusedError(400, "app.user.save.username_exists.app_error", username)
        user = User(id=new_id(), username=username, email=email or f"{username}@localhost", create_at=now())
        self.users[user.id] = self._names[username] = user
        if team is not None:
            team.members.add(user.id)
        return user

    def new_token(self, user: User, *, access: bool) -> Token:
        """Make a session or an access token for a user."""
        token = Token(new_id(), new_id(), user.id, access)
        self.tokens[token.token] = token
        if not access:
            self.stats["logins"] += 1
        return token

    def is_valid(self, token: str) -> bool:
        """Whether a token counts."""
        found = self.tokens.get(token)
        return found is not None and not self.users[found.user].delete_at

    def end_tokens(self, ends: Callable[[Token], bool]) -> None:
        """Forget the tokens for which `ends` is true: their next use is 401."""
        for token in [token for token in self.tokens.values() if ends(token)]:
            del self.tokens[token.token]

    def new_team(self, name: str, display_name: str = "") -> Team:
        """Make a team with its two usual channels."""
        if any(team.name == name for team in self.teams.values()):
            raise RefusedError(400, "app.team.save.existing.app_error", name)
        team = Team(new_id(), name, display_name or name, set(), now())
        self.teams[team.id] = team
        for channel in ("town-square", "off-topic"):
            self.new_channel(team, channel)
        return team

    def new_channel(self, team: Team | None, name: str, kind: str = "O", display_name: str = "") -> Channel:
        """Make a channel; the name of an archived one is still taken."""
        home = team.id if team else ""
        if (home, name) in self._slugs:
            raise RefusedError(400, "store.sql_channel.save_channel.exists.app_error", name)
        title = display_name or name
        made = Channel(id=new_id(), name=name, display_name=title, team=home, kind=kind, members=set(), create_at=now())
        self.channels[made.id] = self._slugs[home, name] = made
        return made

    def join(self, channel: Channel, user: User) -> None:
        """Make a user a member of a channel; he and the others are told."""
        if user.id in channel.members:
            return
        channel.members.add(user.id)
        data = {"team_id": channel.team, "user_id": user.id}
        self.hub.tell_user(user, "user_added", data, channel.id)
        self.hub.tell_channel(channel, "user_added", data, omit=user)

    def leave_team(self, team: Team, user: User, remover: User) -> None:
        """Take a user out of a team and its channels."""
        if user.id not in team.members:
            raise RefusedError(404, "app.team.get_member.missing.app_error")
        for channel in [channel for channel in self.channels.values() if channel.team == team.id]:
            self.leave(channel, user, remover)
        team.members.discard(user.id)
        team.left[user.id] = now()

    def leave(self, channel: Channel, user: User, remover: User) -> None:
        """Take a user out of a channel; he and the others are told, each his side of it."""
        if user.id not in channel.members:
            return
        channel.members.discard(user.id)
        channel.admins.discard(user.id)
        self.hub.tell_user(user, "user_removed", {"channel_id": channel.id, "remover_id": remover.id})
        self.hub.tell_channel(channel, "user_removed", {"user_id": user.id, "remover_id": remover.id})

    def rename(self, channel: Channel, name: str) -> None:
        """Give a channel another name; the old one is free. Raises RefusedError for one that is taken."""
        if self._slugs.get((channel.team, name), channel) is not channel:
            raise RefusedError(400, "store.sql_channel.update.exists.app_error", name)
        del self._slugs[channel.team, channel.name]
        channel.name = name
        self._slugs[channel.team, name] = channel

    def archive(self, channel: Channel) -> None:
        """Archive a channel; its hooks are gone."""
        channel.delete_at = now()
        for hook in [hook for hook in self.hooks.values() if hook.channel == channel.id]:
            del self.hooks[hook.id]
        for outgoing in [hook for hook in self.outgoing.values() if hook.channel_id == channel.id]:
            del self.outgoing[outgoing.id]

    def remove(self, channel: Channel) -> None:
        """Delete a channel for good, as if it had never been; its posts with it."""
        self.archive(channel)
        del self.channels[channel.id], self._slugs[channel.team, channel.name]
        for post in [post for post in self.posts if post.channel_id == channel.id]:
            self.posts.remove(post)
            self._posts.pop(post.id, None)
            self.replies.pop(post.id, None)

    def direct(self, first: User, second: User) -> Channel:
        """The direct channel of two users, made when there is none."""
        name = "__".join(sorted((first.id, second.id)))
        channel = self._slugs.get(("", name)) or self.new_channel(None, name, "D")
        channel.members |= {first.id, second.id}
        return channel

    def user(self, user_id: str) -> User:
        """The user with an id; raises RefusedError."""
        if user_id not in self.users:
            raise RefusedError(404, "app.user.missing_account.const")
        return self.users[user_id]

    def team(self, team_id: str) -> Team:
        """The team with an id; raises RefusedError."""
        if team_id not in self.teams:
            raise RefusedError(404, "app.team.get.find.app_error")
        return self.teams[team_id]

    def channel(self, channel_id: str) -> Channel:
        """The channel with an id, archived or not; raises RefusedError."""
        if channel_id not in self.channels:
            raise RefusedError(404, "app.channel.get.existing.app_error")
        return self.channels[channel_id]

    def name_of(self, user_id: str) -> str | None:
        """The username of an id, if there is such a user."""
        user = self.users.get(user_id)
        return user.username if user else None

    def user_named(self, username: str) -> User | None:
        """The user with a name, if any."""
        return self._names.get(username)

    def channel_named(self, team: str, name: str) -> Channel | None:
        """The channel with a name in a team or in none, archived or not."""
        return self._slugs.get((team, name)) or self._slugs.get(("", name))

    def post(self, post_id: str) -> Post | None:
        """The post with an id, unless it was deleted."""
        found = self._posts.get(post_id)
        return found if found is not None and not found.delete_at else None

    def keep(self, post: Post) -> None:
        """Store a post."""
        if len(self.posts) >= self._keep:
            oldest = self.posts.popleft()
            self._posts.pop(oldest.id, None)
            self.replies.pop(oldest.id, None)
        name_actions(post.attachments)
        self.posts.append(post)
        self.stats["posts"] += 1
        self._posts[post.id] = post
        channel = self.channels[post.channel_id]
        channel.last_post_at = max(channel.last_post_at, post.create_at)
        if post.root_id in self._posts:
            self.replies.setdefault(post.root_id, []).append(post)
        if self.hub.connections:
            self._announce(post)

    def _announce(self, post: Post) -> None:
        channel = self.channels[post.channel_id]
        data = notices.posted(post, channel, self.users[post.user_id])
        self.hub.tell_channel(channel, "posted", data, own=lambda reader: notices.mentioned(post, channel, reader))

    def whisper(self, user: User, post: Post) -> None:
        """Show a user a post that is not stored. Its actions work by cookies, of which the oldest give way."""
        post.type = "system_ephemeral"
        name_actions(post.attachments)
        for action in (action for attachment in post.attachments for action in attachment.get("actions", ())):
            cookie = new_id() + new_id()
            self.cookies[cookie] = Cookie(post, dict(action))
            action.pop("integration", None)
            action["cookie"] = cookie
        while len(self.cookies) > self._keep:
            del self.cookies[next(iter(self.cookies))]
        self.whispers.append(Whisper(user.username, post))
        self.hub.tell_user(user, "ephemeral_message", {"post": notices.text_of(post)}, post.channel_id)

    def open_dialog(self, dialog: OpenedDialog) -> None:
        """Show a user a dialog."""
        self.dialogs.append(dialog)
        user = self.user_named(dialog.user)
        if user is not None:
            told = {"trigger_id": dialog.trigger_id, "url": dialog.url, "dialog": dialog.dialog}
            self.hub.tell_user(user, "open_dialog", {"dialog": msgspec.json.encode(told).decode()})

    def typing(self, user: User, channel: Channel, parent_id: str) -> None:
        """Show the others that a user writes, in a thread if there is a parent."""
        data = {"parent_id": parent_id, "user_id": user.id}
        self.hub.tell_channel(channel, "typing", data, omit=user)

    def change(self, post: Post, before: Post) -> None:
        """Take note of a post that has changed: what it was before is kept as if it were a deleted post."""
        name_actions(post.attachments)
        version = replace(before, id=new_id(), original_id=post.id, update_at=post.update_at, delete_at=post.update_at)
        self.versions.append(version)
        self.hub.tell_channel(self.channels[post.channel_id], "post_edited", {"post": notices.text_of(post)})

    def channel_of(self, post_id: str) -> Channel | None:
        """The channel of a post, deleted or not."""
        post = self._posts.get(post_id)
        return self.channels.get(post.channel_id) if post is not None else None

    def delete(self, post: Post, by: str = "") -> None:
        """Delete a post and its replies, as a person does whose id is `by`; the event shows the post as it was."""
        told = {"post": notices.text_of(post)}
        for each in (post, *self.replies.get(post.id, ())):
            each.delete_at = each.update_at = now()
            each.deleted_by = by
        self.hub.tell_channel(self.channels[post.channel_id], "post_deleted", told)

    def time_of(self, post_id: str) -> int | None:
        """When a post was made, deleted or not; None for an unknown one."""
        post = self._posts.get(post_id)
        return post.create_at if post is not None else None

    def thread(self, post: Post) -> int:
        """The number of replies in the thread of a post."""
        return sum(not reply.delete_at for reply in self.replies.get(post.root_id or post.id, ()))

    def is_member(self, user: User, channel: Channel) -> bool:
        """Whether a user is in a channel, as an administrator always counts."""
        return user.id in channel.members or user.has(ADMIN)

    def may_post(self, user: User, channel: Channel) -> bool:
        """The permissions create_post and, in public channels, create_post_public."""
        if self.is_member(user, channel) or user.has("system_post_all"):
            return True
        return channel.kind == "O" and user.has("system_post_all_public")

    def may_read(self, user: User, channel: Channel) -> bool:
        """The permission to read: members, and in public channels the whole team."""
        if self.is_member(user, channel):
            return True
        return channel.kind == "O" and user.id in self.teams[channel.team].members

    def check_team(self, user: User, team: str) -> None:
        """Raise RefusedError for somebody who is neither in a team nor an administrator."""
        if not user.has(ADMIN) and (team not in self.teams or user.id not in self.teams[team].members):
            raise permissions("view_team")
