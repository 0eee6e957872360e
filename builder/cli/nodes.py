"""Enrol departments' nodes, and carry grants to their stewards as files."""

from __future__ import annotations

import getpass
import json
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from builder.app.enrolling import City, city_of, write_kit
from builder.cli.console import Terminal
from builder.cli.errors import FileUnreadable, FolderUnwritable
from builder.errors import Fault
from federation.hub.registry import Registered
from federation.link.certificates import read_certificate
from federation.link.control import fetch_json
from federation.trust.decisions import read_decisions, seal_asks
from federation.trust.enrol import open_enrolment, spoken

__all__ = ["grant_export", "grant_take", "register"]

_LONGEST = 4 << 20
_PROBE_S = 3.0
_STATES = {"enrolled": ("已登记", "enrolled"), "retired": ("已停用", "retired")}


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    node = typer.Typer(no_args_is_help=True, help="部门节点 · Departments' nodes.")
    node.command("list")(node_list)
    node.command("kit")(node_kit)
    node.command("enrol")(node_enrol)
    node.command("renew")(node_renew)
    node.command("retire")(node_retire)
    as_typed = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    for verb in ("init", "accept", "decide"):
        words = f"同 scenarist-node {verb} · The same as scenarist-node {verb}."
        node.command(verb, help=words, context_settings=as_typed)(node_program)
    app.add_typer(node, name="node")


def node_program(ctx: typer.Context) -> None:
    """Do what the node's own program does."""
    from federation.node.main import main

    term: Terminal = ctx.obj
    main([str(ctx.info_name), *ctx.args, "--lang", term.lang])


def node_list(
    ctx: typer.Context,
    no_call: Annotated[
        bool, typer.Option("--no-call", help="不联系节点 · Do not call the nodes.")
    ] = False,
) -> None:
    """列出节点：在哪里、证书到期日、能否联系上 · List the nodes, and whether they answer."""
    term: Terminal = ctx.obj
    with city_of(term.home) as city:
        lines = [_line(city, node, call=not no_call) for node in city.registrar.listed()]
    if term.json:
        term.print_json(lines)
        return
    term.table(
        [
            term.pick("部门", "Department"),
            term.pick("状态", "State"),
            term.pick("在哪里", "Where"),
            term.pick("登记于", "Since"),
            term.pick("证书至", "Certified until"),
            term.pick("应答", "Answers"),
        ],
        [
            (
                line["party"],
                term.pick(*_STATES[str(line["state"])]),
                line["url"] or term.pick("中台进程内", "in the hub's process"),
                str(line["since"])[:10],
                str(line["certified_until"] or "")[:10],
                _answers(term, line["answers"]),
            )
            for line in lines
        ],
    )


def node_kit(
    ctx: typer.Context,
    party: Annotated[str, typer.Argument(help="部门 · Department.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="输出目录，或 .zip · Folder, or a .zip.")
    ] = None,
) -> None:
    """为一个部门生成节点启动包 · Make a department's start-up kit."""
    term: Terminal = ctx.obj
    target = out or Path(f"{party}-kit")
    with city_of(term.home) as city:
        kit = city.kit(party, by=_me())
        key = city.registrar.signer.public_key
    if target.suffix == ".zip":
        _packed(kit, party, target)
    else:
        write_kit(kit, party, target)
    body = kit["body"]
    until = str(body["expires"])[:10] if isinstance(body, dict) else ""
    if term.json:
        term.print_json({"party": party, "kit": str(target), "expires": until, "hub_key": key})
        return
    term.lines(
        [
            f"✓ {target}",
            term.pick(f"  登记码有效期至 {until}", f"  its code is good until {until}"),
            term.pick(f"  中台公钥指纹 {spoken(key)}", f"  the hub's fingerprint: {spoken(key)}"),
            term.pick(
                "→ 交给该部门；收到 enrol.json 后运行 scenarist node enrol enrol.json",
                "→ Give it to the department; with its enrol.json run scenarist node enrol",
            ),
        ]
    )


def node_enrol(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="enrol.json")],
    out: Annotated[Path, typer.Option("--out", help="结果 · The answer.")] = Path("enrolled.json"),
    yes: Annotated[bool, typer.Option("--yes", help="指纹已核对 · Already compared.")] = False,
) -> None:
    """登记一个部门的节点，签发证书 · Register a department's node and certify it."""
    _take(ctx.obj, file, out, yes=yes, is_new=True)


def node_renew(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="enrol.json")],
    out: Annotated[Path, typer.Option("--out", help="结果 · The answer.")] = Path("enrolled.json"),
) -> None:
    """换发证书，或登记新地址 · Renew a node's certificate, or note its new address."""
    _take(ctx.obj, file, out, yes=True, is_new=False)


def node_retire(
    ctx: typer.Context,
    party: Annotated[str, typer.Argument(help="部门 · Department.")],
    reason: Annotated[str, typer.Option("--reason", help="理由 · Why.")],
) -> None:
    """停用一个部门的节点 · Retire a department's node: it is never asked again."""
    term: Terminal = ctx.obj
    with city_of(term.home) as city:
        node = city.retire(party, reason=reason[:512], by=_me())
    if term.json:
        term.print_json(node)
        return
    term.lines(
        [
            term.pick(f"✓ {party}: 已停用，不再向它提问", f"✓ {party}: retired, asked no more"),
            term.pick(
                f"→ 恢复使用：scenarist node kit {party}，重新登记",
                f"→ To use one again: scenarist node kit {party}, and enrol it",
            ),
        ]
    )


def grant_export(
    ctx: typer.Context,
    owner: Annotated[str, typer.Argument(help="数据所有方 · Owner.")],
    grants: Annotated[
        list[str] | None, typer.Argument(help="授权编号，缺省为全部待决定的 · Grant ids.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="输出文件 · File.")] = Path("ask.json"),
) -> None:
    """导出授权申请，由部门在自己的机器上决定 · Write what is asked as a file for its steward."""
    term: Terminal = ctx.obj
    with city_of(term.home) as city:
        hub = city.platform.hub
        now = city.platform.clock()
        known = [hub.grant(g) for g in grants] if grants else hub.grants(owner=owner)
        chosen = [g for g in known if g.ask.owner == owner]
        if not grants:
            chosen = [g for g in chosen if g.state_at(now) == "asked"]
        sealed = seal_asks(chosen, owner, city.registrar.signer, now)
    _write(out, sealed)
    if term.json:
        term.print_json({"file": str(out), "grants": [g.id for g in chosen]})
        return
    words = f"✓ {out}: {len(chosen)}"
    term.lines([words, f"→ scenarist-node decide DIR {out.name} --approve --as USER"])


def grant_take(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(help="decision.json")]
) -> None:
    """收回部门的决定，送达其节点 · Take a department's decisions in, and to its node."""
    term: Terminal = ctx.obj
    owner, decisions = read_decisions(_read(file))
    with city_of(term.home) as city:
        stewards = {owner: _steward_key(city, owner)}
        taken = [city.platform.hub.take_decision(d, owner, stewards) for d in decisions]
    if term.json:
        term.print_json([{"grant": g.id, "state": g.state} for g in taken])
    else:
        term.lines(f"{g.id}: {g.state}" for g in taken)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────


def _take(term: Terminal, file: Path, out: Path, *, yes: bool, is_new: bool) -> None:
    document = _read(file)
    said = open_enrolment(document)
    with city_of(term.home) as city:
        if is_new:
            _compare(term, city, said.party, said.node_key, said.url, yes=yes)
        act = city.admit if is_new else city.renew
        admitted = act(document, by=_me())
    _write(out, admitted.document)
    if term.json:
        term.print_json({"file": str(out), "until": admitted.until, "node": admitted.node})
        return
    node, until = admitted.node, f"{admitted.until:%Y-%m-%d}"
    term.lines(
        [
            term.pick(
                f"✓ {node.party}: 已登记，{node.url}，证书有效期至 {until}",
                f"✓ {node.party}: enrolled at {node.url}, certified until {until}",
            ),
            term.pick(
                f"→ 把 {out} 发给该部门，由其运行 scenarist-node accept {out.name} DIR",
                f"→ Send {out} to the department: scenarist-node accept {out.name} DIR",
            ),
        ]
    )


def _compare(term: Terminal, city: City, party: str, key: str, url: str, *, yes: bool) -> None:
    """Have a person compare the node's fingerprint with what the department reads out."""
    owner = city.platform.city.party_title(party)
    term.err.print(f"{term.say(owner)} ({party})  {url}", markup=False)
    words = term.pick("节点指纹", "the node's fingerprint")
    term.err.print(f"  {words}: {spoken(key)}", markup=False)
    if not yes:
        question = term.pick("已与该部门通电话核对一致？", "Compared by telephone, and equal?")
        typer.confirm(question, abort=True, err=True)


def _line(city: City, node: Registered, *, call: bool) -> dict[str, object]:
    return {
        "party": node.party,
        "state": node.state,
        "url": node.url,
        "since": node.enrolled_at,
        "certified_until": node.certified_until or _certified_here(city, node.party),
        "answers": _call(city, node) if call and node.url and not node.is_retired else None,
        "retired_at": node.retired_at,
        "reason": node.reason,
        "fingerprint": node.fingerprint,
    }


def _call(city: City, node: Registered) -> str:
    """Return ``yes``, or the code of what is wrong."""
    try:
        fetch_json(city.platform.hub.link(node.party), "/v1/health", timeout_s=_PROBE_S)
    except Fault as fault:
        return fault.code
    return "yes"


def _certified_here(city: City, party: str) -> datetime | None:
    """Return when the certificate of a node on this machine ends."""
    file = city.platform.settings.home / "nodes" / party / "tls" / "tls.crt"
    try:
        return read_certificate(file).not_after
    except Fault:
        return None


def _answers(term: Terminal, said: object) -> str:
    if said is None:
        return ""
    return term.pick("是", "yes") if said == "yes" else f"{term.pick('否', 'no')}: {said}"


def _steward_key(city: City, owner: str) -> str:
    """Return the key a department decides with: as its node told, or as it lies here."""
    known = {n.party: n.steward_key for n in city.registrar.listed()}
    return known.get(owner) or city.platform.steward_signer(owner).public_key


def _packed(kit: Mapping[str, object], party: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        write_kit(kit, party, Path(scratch) / party)
        try:
            with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as packed:
                for file in sorted((Path(scratch) / party).iterdir()):
                    packed.write(file, file.name)
        except OSError as error:
            raise FolderUnwritable(folder=target.name, problem=error.strerror or "?") from None


def _read(file: Path) -> Mapping[str, object]:
    try:
        if file.stat().st_size > _LONGEST:
            raise FileUnreadable(file=file.name, problem="> 4 MB")
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileUnreadable(file=file.name, problem=error.strerror or "?") from None
    except (ValueError, RecursionError):
        raise FileUnreadable(file=file.name, problem="JSON ?") from None
    return said if isinstance(said, dict) else {}


def _write(file: Path, said: Mapping[str, object]) -> None:
    try:
        text = json.dumps(said, ensure_ascii=False, indent=1)
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise FolderUnwritable(folder=file.name, problem=error.strerror or "?") from None


def _me() -> str:
    """Return who runs the command, as the journal names them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "administrator"
