"""What moves on a page while it loads, as the browser counts it (cumulative layout shift): what somebody was about to
press is elsewhere."""

from typing import Any

from playwright.sync_api import Page

# From the beginning of each page. What moves within half a second of a key or a press was asked for.
WATCH = """(() => {
  window.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (one.hadRecentInput) continue;
      const told = one.sources.map(({ node }) => node && (node.outerHTML || node.textContent).slice(0, 80));
      window.layoutShifts.push({ at: one.startTime, value: one.value, told: told.join("; ") });
    }
  }).observe({ type: "layout-shift", buffered: true });
})()"""
# Less than anybody sees: a line of text that is half a pixel higher.
LEAST = 0.001


def moment(page: Page) -> float:
    """Milliseconds since the page began."""
    return float(page.evaluate("performance.now()"))


def shifts_before(page: Page, when: float) -> list[str]:
    """What moved until then."""
    found: Any = page.evaluate("window.layoutShifts || []")
    return [
        f"moves while it loads ({one['value']:.4f}): {one['told']}"
        for one in found
        if one["at"] < when and one["value"] > LEAST
    ]
