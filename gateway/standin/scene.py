"""Who and what is on a stand-in, and what they do there: a test sets the scene by names, and lets persons act."""

from collections import Counter, deque
from typing import Any

from gateway.standin import integrations, outgoing
from gateway.standin.actions import Actions, Click
from gateway.standin.commands import Commands, Executed
from gateway.standin.dialogs import Dialogs, Submission
from gateway.standin.outside import Outside
from gateway.standin.posting import NewPost, Posting
from gateway.standin.records import Channel, Command, Hook, OpenedDialog, OutgoingHook, Post, Team, User, Whisper
from gateway.standin.refusal import new_id
from gateway.standin.serversettings import Settings
from gateway.standin.world import World


class Scene:
    """One team, `home`; hooks, commands, channels, users and bots are added by the test, by their names.

    `posts` are all that were made, deleted ones included, `whispers` what only one user saw; `settings` are the
    server's, by the names of Mattermost in small letters, and `url` is where it was last served.
    """

    def __init__(self, world: World) -> None:
        self.url = ""
        self._world = world
        self._outside = Outside(world)
        self._posting = Posting(world, lambda post: outgoing.fire(world, self._outside, post))
        self._commands = Commands(world, self._posting, self._outside)
        self._actions = Actions(world, self._posting, self._outside)
        self._dialogs = Dialogs(world, self._outside)

    @property
    def posts(self) -> deque[Post]:
        """All posts, in the order of their making."""
        return self._world.posts

    @property
    def whispers(self) -> deque[Whisper]:
        """What only one user saw, in the order of its coming."""
        return self._world.whispers

    @property
    def dialogs(self) -> deque[OpenedDialog]:
        """The dialogs that were opened, in their order."""
        return self._world.dialogs

    @property
    def hooks(self) -> dict[str, Hook]:
        """The incoming webhooks by id; a test may take one away."""
        return self._world.hooks

    @property
    def settings(self) -> Settings:
        """The settings of the server, which a test may change."""
        return self._world.settings

    @property
    def stats(self) -> Counter[str]:
        """How many requests, posts, refusals and so on there were."""
        return self._world.stats

    @property
    def enabled(self) -> bool:
        """Whether incoming webhooks are on."""
        return self.settings.service.enable_incoming_webhooks

    @enabled.setter
    def enabled(self, on: bool) -> None:
        self.settings.service.enable_incoming_webhooks = on

    def add_team(self, name: str) -> str:
        """Make another team; gives its id."""
        return self._world.new_team(name).id

    def add_user(self, login: str, password: str = "", *, roles: str = "system_user", team: str = "home") -> str:
        """Make a person who is in a team and logs in with a password; gives the id."""
        user = self._world.new_user(login, team=self._team(team))
        user.password, user.roles = password, roles
        return user.id

    def add_bot(self, username: str, *, roles: str = "system_user", team: str = "home") -> str:
        """Make a bot that is in a team and in no channel; gives a token of its own."""
        bot = self._world.new_user(username, team=self._team(team))
        bot.bot, bot.roles = True, roles
        return self._world.new_token(bot, access=True).token

    def add_channel(self, name: str, *, private: bool = False, team: str = "home") -> str:
        """Make a channel, unless there is one of that name; gives its id. Nobody is in it."""
        home = self._team(team)
        found = self._world.channel_named(home.id, name)
        return (found or self._world.new_channel(home, name, "P" if private else "O")).id

    def direct(self, first: str, second: str) -> str:
        """The name of the direct channel of two users, made when there is none."""
        return self._world.direct(self._user(first), self._user(second)).name

    def add_hook(self, hook_id: str | None = None, channel: str = "town-square", *, locked: bool = False) -> str:
        """Make an incoming webhook of `owner`; gives its id, which is 26 characters of base32 unless one is given."""
        hook = Hook(id=hook_id or new_id(), channel=self.add_channel(channel), user=self._world.owner.id, locked=locked)
        self._world.hooks[hook.id] = hook
        return hook.id

    def add_outgoing(self, url: str, *words: str, channel: str = "", team: str = "home", **more: Any) -> OutgoingHook:
        """Make an outgoing webhook of `owner`: for trigger words, or for all that is said in a public channel.

        `more` are other fields by the names of REST, as `content_type`.
        """
        home = self._team(team)
        hook = OutgoingHook(
            creator_id=self._world.owner.id,
            team_id=home.id,
            channel_id=self.add_channel(channel, team=team) if channel else "",
            trigger_words=list(words),
            callback_urls=[url],
            **more,
        )
        return integrations.add_outgoing_hook(self._world, hook)

    def add_command(self, trigger: str, url: str, *, team: str = "home", **more: Any) -> Command:
        """Make a slash command of `owner`; `more` are other fields by the names of REST, as `method`."""
        fields = {"method": "P", "creator_id": self._world.owner.id, "team_id": self._team(team).id} | more
        return integrations.add_command(self._world, Command(trigger=trigger, url=url, **fields))

    async def execute(
        self, username: str, channel: str, command: str, *, root: str = "", team: str = "home"
    ) -> dict[str, Any]:
        """Execute a command as a user, who joins the channel; gives what his client is told. Raises RefusedError."""
        self.join(username, channel, team=team)
        asked = Executed(command, self._channel(channel, team).id, self._team(team).id, root)
        return await self._commands.execute(self._user(username), asked, self.url)

    async def click(
        self, username: str, post: Post, action: str, *, choice: str = "", cookie: str | None = None
    ) -> str:
        """Click as a user what has a name or an id in a post; gives the trigger id of his client. Raises RefusedError.

        A post that was whispered is clicked by its cookie, unless another one is given.
        """
        actions = [one for attachment in post.attachments for one in attachment.get("actions", ())]
        found = next(one for one in actions if action in (one["id"], one.get("name")))
        click = Click(choice, found.get("cookie", "") if cookie is None else cookie)
        return await self._actions.click(self._user(username), post.id, found["id"], click)

    async def submit(
        self, username: str, dialog: OpenedDialog, channel: str, values: dict[str, Any] | None, *, team: str = "home"
    ) -> dict[str, Any]:
        """Submit a dialog as a user who looks at a channel, or cancel it without values; gives the answer.

        Raises RefusedError.
        """
        return await self._dialogs.submit(self._user(username), self._submission(dialog, channel, values, team))

    async def lookup(
        self, username: str, dialog: OpenedDialog, channel: str, field: str, query: str, *, team: str = "home"
    ) -> list[dict[str, str]]:
        """Search the choices of a field of a dialog as a user; gives them. Raises RefusedError."""
        element = next(one for one in dialog.dialog["elements"] if one["name"] == field)
        asked = self._submission(dialog, channel, {"query": query, "selected_field": field}, team)
        asked.url = element["data_source_url"]
        found = await self._dialogs.lookup(self._user(username), asked)
        return found["items"] or []

    def _submission(self, dialog: OpenedDialog, channel: str, values: dict[str, Any] | None, team: str) -> Submission:
        return Submission(
            url=dialog.url,
            callback_id=dialog.dialog["callback_id"],
            state=dialog.dialog["state"],
            channel_id=self._channel(channel, team).id,
            team_id=self._team(team).id,
            submission=values,
            cancelled=values is None,
        )

    def say(self, username: str, channel: str, text: str, *, root: str = "", team: str = "home") -> Post:
        """Post as a user, who joins the channel; `root` is the id of the post that is answered."""
        self.join(username, channel, team=team)
        asked = NewPost(channel_id=self._channel(channel, team).id, message=text, root_id=root)
        self._posting.create(self._user(username), asked)
        return self.posts[-1]

    def join(self, username: str, channel: str, *, team: str = "home") -> None:
        """Make a user a member of a channel."""
        self._world.join(self._channel(channel, team), self._user(username))

    def leave(self, username: str, channel: str, *, team: str = "home") -> None:
        """Take a user out of a channel."""
        self._world.leave(self._channel(channel, team), self._user(username), self._world.owner)

    def promote(self, username: str, channel: str = "", *, team: str = "home") -> None:
        """Let a user administer a channel, or the team, of which he is a member then."""
        user = self._user(username)
        if channel:
            self.join(username, channel, team=team)
        (self._channel(channel, team) if channel else self._team(team)).admins.add(user.id)

    def leave_team(self, username: str, *, team: str = "home") -> None:
        """Take a user out of a team, with its channels."""
        self._world.leave_team(self._team(team), self._user(username), self._world.owner)

    def rename_channel(self, name: str, new: str, *, team: str = "home") -> None:
        """Give a channel another name."""
        self._world.rename(self._channel(name, team), new)

    def archive_channel(self, name: str, *, team: str = "home") -> None:
        """Archive a channel: nobody can post there, and its hooks are gone."""
        self._world.archive(self._channel(name, team))

    def delete_channel(self, name: str, *, team: str = "home") -> None:
        """Delete a channel for good, with its posts."""
        self._world.remove(self._channel(name, team))

    def delete_post(self, post_id: str) -> None:
        """Delete a post and its replies, as a person does who cleans up."""
        post = self._world.post(post_id)
        if post is None:
            raise KeyError(post_id)
        self._world.delete(post)

    def expire_sessions(self) -> None:
        """End every session of a login; the tokens of bots and persons go on."""
        self._world.end_tokens(lambda token: not token.access)

    def revoke(self, token: str) -> None:
        """End one token or session."""
        del self._world.tokens[token]

    def lock(self, username: str) -> None:
        """Lock the account of a person, as too many wrong passwords do."""
        self._user(username).failures = self.settings.service.maximum_login_attempts

    def deactivate(self, username: str) -> None:
        """Deactivate an account: its tokens count for nothing."""
        self._user(username).delete_at = 1

    def _team(self, name: str) -> Team:
        return next(team for team in self._world.teams.values() if team.name == name)

    def _user(self, username: str) -> User:
        user = self._world.user_named(username)
        if user is None:
            raise KeyError(username)
        return user

    def _channel(self, name: str, team: str) -> Channel:
        channel = self._world.channel_named(self._team(team).id, name)
        if channel is None:
            raise KeyError(name)
        return channel
