"""What a page is measured by: axe, sideways scroll, sizes of what one touches, motion."""

from __future__ import annotations

from pathlib import Path

AXE = Path("node_modules/axe-core/axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async rules => {
  const found = await axe.run({
    runOnly: {type: 'tag', values: rules}, resultTypes: ['violations', 'incomplete'],
  });
  const said = kind => found[kind].flatMap(v => v.nodes.map(n =>
    [v.id, n.html.slice(0, 160), (n.failureSummary || '').slice(0, 200)]));
  return {violations: said('violations'), incomplete: said('incomplete')};
}"""
_SMALL = """least => [...document.querySelectorAll(
    'a,button,summary,input,select,textarea,[role=button]')]
  .filter(e => e.type !== 'hidden' && !e.closest('[aria-hidden=true]') && e.checkVisibility())
  .filter(e => getComputedStyle(e).display !== 'inline' || e.tagName !== 'A')
  .map(e => ['radio', 'checkbox', 'file'].includes(e.type) ? e.closest('label') || e : e)
  .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 120)])
  .filter(([box]) => box.height < least - 0.5 || box.width < least - 0.5)
  .map(([box, html]) => `${box.width.toFixed(0)}x${box.height.toFixed(0)} ${html}`)"""
_WIDE = """() => {
  const limit = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= limit) return [];
  return [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > limit + 1)
    .map(e => `${e.getBoundingClientRect().right.toFixed(0)} ${e.outerHTML.slice(0, 100)}`)
    .slice(-3).concat(`page ${document.documentElement.scrollWidth} of ${limit}`);
}"""
_MOVING = """() => [...document.querySelectorAll('*')].filter(e => {
    const style = getComputedStyle(e);
    return parseFloat(style.transitionDuration) > 0.001
      || style.animationName !== 'none' && parseFloat(style.animationDuration) > 0.001;
  }).map(e => `moves ${e.outerHTML.slice(0, 100)}`)"""
_UNFOLD = "document.querySelectorAll('main details').forEach(d => d.open = true)"


class Axe:
    """What axe finds; a page that was loaded once is measured in many looks."""

    def __init__(self) -> None:
        self.incomplete: dict[str, set[str]] = {}
        self._script = AXE.read_text(encoding="utf-8")

    def __call__(self, page) -> list[str]:
        """Return violations; what axe cannot decide is kept by rule."""
        dock(page)
        if not page.evaluate("'axe' in window"):
            page.evaluate(self._script)
        found = page.evaluate(_RUN, RULES)
        for rule, html, _ in found["incomplete"]:
            self.incomplete.setdefault(rule, set()).add(html[:80])
        return [": ".join(line) for line in found["violations"]]


def small_targets(page, least_px: int) -> list[str]:
    """Return what is smaller to touch than that; links within a sentence aside (WCAG 2.5.8)."""
    return page.evaluate(_SMALL, least_px)


def too_wide(page) -> list[str]:
    """Return what makes the page scroll sideways; what scrolls inside its own frame does not."""
    return page.evaluate(_WIDE)


def moving(page) -> list[str]:
    """Return what on the page moves, or would when it changes."""
    return page.evaluate(_MOVING)


def unfold(page) -> None:
    """Open every fold of the page's content."""
    page.evaluate(_UNFOLD)


def enlarge_text(page, factor: int) -> None:
    """Set the size of type that pages start from, as a reader does in the browser's settings."""
    sizes = {"standard": 16 * factor, "fixed": 13 * factor}
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": sizes})
    session.detach()


def dock(page) -> None:
    """Put what floats at the bottom of the screen to the end of the page.

    One scrolls what lies under it into the open; axe, which does not scroll, calls it covered.
    """
    page.evaluate(
        "document.querySelectorAll('.help-bar').forEach(b => b.style.position = 'static')"
    )
