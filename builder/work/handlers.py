"""Do one thing that is due; one function for each kind of job, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from builder.cases import files, outbox, settling, undelivered
from builder.cases.due import Held
from builder.cases.outbox import Message
from builder.cases.platform import Deployment, Platform
from builder.errors import Fault
from builder.identity.mail import mail_wish
from builder.notices import Channel, Notice, smtp
from builder.notices.errors import ChannelSilent
from builder.work.queue import Job
from federation.link import fetch_json

__all__ = ["HANDLERS", "Hand"]

_HEALTH = "/v1/health"
_HEALTH_TIMEOUT_S = 2.0


class _Watch(Protocol):
    """What handlers tell the worker about parties."""

    def answered(self, party: str, *, well: bool) -> None: ...

    def is_back(self, party: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Hand:
    """What a handler is given.

    Attributes:
        deployment, held: for what is claimed in a case store.
    """

    platform: Platform
    job: Job
    channels: Mapping[str, Channel]
    watch: _Watch
    deployment: Deployment | None = None
    held: Held | None = None

    @property
    def claim(self) -> tuple[Deployment, Held]:
        """Return whose thing is done, under which claim."""
        assert self.deployment is not None  # noqa: S101 - the worker gives it for these kinds
        assert self.held is not None  # noqa: S101
        return self.deployment, self.held


def ask(hand: Hand) -> bool:
    """Ask a question of a case's process."""
    deployment, held = hand.claim
    outcome = settling.ask_claimed(hand.platform, deployment, held)
    well = outcome != "failed"
    if held.lane and outcome != "gone":
        hand.watch.answered(held.lane, well=well)
    return well


def tick(hand: Hand) -> bool:
    """Let happen to a case what has come due."""
    settling.tick_claimed(hand.platform, *hand.claim)
    return True


def send(hand: Hand) -> bool:
    """Send a message: close a case at issuer and nodes, or take a notice outside."""
    deployment, held = hand.claim
    if held.lane == outbox.CLOSE:
        settling.close_claimed(hand.platform, deployment, held)
        return True
    message = outbox.load(deployment, held.key[0])
    if message is None:
        return True
    channel = hand.channels.get(message.channel)
    if message.channel == smtp.NAME and "/" in message.address:  # a desk: its people, one by one
        people = hand.platform.accounts.of_desk(*message.address.split("/", 1))
        names = [a.account for a in people if a.email]
        outbox.spread(deployment, message, names, held, hand.platform.clock())
        return True
    try:
        if channel is None:
            raise ChannelSilent(channel=message.channel, host="—", problem="settings")
        notice = _addressed(hand, message) if message.channel == smtp.NAME else _plain(message)
        if notice is not None:
            channel.send(notice)
    except Fault as fault:
        if fault.http < 500:
            outbox.dead(deployment, held, hand.platform.clock(), fault)
        else:
            outbox.retry_later(hand.platform, deployment, message, held, fault.code)
        raise
    outbox.done(deployment, held, hand.platform.clock())
    return True


def _plain(message: Message) -> Notice:
    return Notice(message.id, message.address, message.payload)


def _addressed(hand: Hand, message: Message) -> Notice | None:
    """Return a mail to whoever it is for; None where there is no address, or none is wanted."""
    account = hand.platform.accounts.load(message.address)
    if account is None or account.email is None:
        return None
    wish = mail_wish(hand.platform.hub_engine, account.account)
    if not wish.wanted:
        return None
    return Notice(message.id, account.email, {**message.payload, "langs": list(wish.langs)})


def probe(hand: Hand) -> bool:
    """Look whether a party that did not answer is back, and the issuer with it."""
    (party,) = hand.job.args
    try:
        for link in (hand.platform.hub.link(party), hand.platform.hub.issuer.link):
            fetch_json(link, _HEALTH, timeout_s=_HEALTH_TIMEOUT_S)
    except Fault:
        return False
    hand.watch.is_back(party)
    return True


def forget(hand: Hand) -> bool:
    """Delete drafts and files nobody came back to, and old messages; scan files that wait."""
    (deployment_id,) = hand.job.args
    deployment = hand.platform.deployments.get(deployment_id)
    settling.forget_expired(hand.platform, deployment)
    files.scan_waiting(hand.platform, deployment)
    files.sweep(hand.platform, deployment)
    undelivered.forget_sent(hand.platform, deployment)
    return True


def checkpoint(hand: Hand) -> bool:
    """Sign what a journal has taken in since its last checkpoint."""
    (name,) = hand.job.args
    journal = hand.platform.journals.get(name)
    if journal is not None:
        journal.checkpoint(hand.platform.clock())
    return True


def tidy(hand: Hand) -> bool:
    """Delete what the hub counted of wrong passwords long ago."""
    hand.platform.accounts.forget_tries()
    return True


HANDLERS: Mapping[str, Callable[[Hand], bool]] = {
    "ask": ask,
    "tick": tick,
    "send": send,
    "probe": probe,
    "forget": forget,
    "checkpoint": checkpoint,
    "tidy": tidy,
}
"""Job kind → what does it; each returns whether its lane goes well."""
