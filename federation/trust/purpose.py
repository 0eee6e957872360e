"""List the purposes for which data may be used, and what may leave a department's node for each.

A new purpose is a decision record plus policy tests: there is no way to add one by configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from federation.trust.errors import PurposeNotServed, PurposeUnknown

__all__ = ["PURPOSES", "Purpose", "served_purpose"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why data are used.

    Attributes:
        id: the word in specs, grants, policies and journals.
        zh: what people call it.
        en: the same in English.
        leaves_zh: what leaves the node.
        leaves_en: the same in English.
        is_served: whether nodes of this release answer it.
    """

    id: str
    zh: str
    en: str
    leaves_zh: str
    leaves_en: str
    is_served: bool = False


_ALL = (
    Purpose("open", "开放", "Open data", "开放级别数据的行", "rows of data graded open"),
    Purpose(
        "case",
        "办件取数",
        "Handling a case",
        "一位当事人的字段，仅在其办件进行期间，凭办件令牌",
        "fields of one subject's record, only while that subject's case is running",
        is_served=True,
    ),
    Purpose(
        "verify",
        "核验",
        "Checking a fact",
        "是或否，以及一个凭证号",
        "yes or no, and a reference number",
        is_served=True,
    ),
    Purpose(
        "statistics",
        "统计",
        "Statistics",
        "通过披露控制的汇总数",
        "aggregates that passed disclosure control",
    ),
    Purpose(
        "training",
        "模型训练",
        "Training a model",
        "裁剪、安全求和或加噪后的模型更新",
        "clipped, securely summed or noised model updates",
    ),
    Purpose(
        "scoring",
        "模型评分",
        "Scoring",
        "结论或分档，附原因代码",
        "a decision or banded score with reason codes",
    ),
    Purpose(
        "share",
        "共享",
        "Sharing",
        "授权行范围内的低级别行与脱敏行",
        "low-grade rows and masked rows inside the grant's row scope",
    ),
    Purpose(
        "link",
        "关联",
        "Linking",
        "一次指定关联的带密钥标记",
        "keyed tokens or a private intersection for one named join",
    ),
    Purpose(
        "match",
        "匹配",
        "Matching",
        "经人工放行的主体标识与命中条件",
        "an entity key and the conditions met, released by a person",
    ),
    Purpose(
        "quality",
        "质量检查",
        "Quality check",
        "可合并的规则状态，不含数值",
        "mergeable rule states, no values",
    ),
    Purpose(
        "probe",
        "连接测试",
        "Connection test",
        "仅给数据所有方自己的测试结果",
        "a connection test for the owner only",
    ),
)

PURPOSES: Mapping[str, Purpose] = MappingProxyType({p.id: p for p in _ALL})


def served_purpose(name: str) -> Purpose:
    """Return a purpose that nodes of this release answer.

    Raises:
        PurposeUnknown: with the known ones.
        PurposeNotServed: a known purpose that this release does not answer.
    """
    purpose = PURPOSES.get(name)
    if purpose is None:
        raise PurposeUnknown(purpose=name, known=tuple(PURPOSES))
    if not purpose.is_served:
        raise PurposeNotServed(purpose=name, served=served())
    return purpose


def served() -> tuple[str, ...]:
    """Return the ids of the purposes that nodes of this release answer."""
    return tuple(p.id for p in _ALL if p.is_served)
