"""A page by the keyboard alone: what Tab reaches, in which order, and whether the focus is seen there."""

from playwright.sync_api import Page

# What Tab has to reach, in the order of the page; of radio buttons of one name it stops at one.
WANTED = """
  const CONTROLS = "a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, " +
    "[tabindex], [contenteditable], [role=button], [role=link], [role=checkbox], [role=tab], [role=menuitem]";
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const isWanted = (one) => one.getAttribute("tabindex") !== "-1" && !one.matches(":disabled") &&
    !one.closest("[inert]") && !one.matches("a[aria-disabled=true]:not([href])") && isSeen(one);
  const modal = document.querySelector("dialog:modal");
  const stops = () => {
    const wanted = [...(modal || document).querySelectorAll(CONTROLS)].filter(isWanted);
    const isStop = (one) => one.type !== "radio" || !one.name || one.checked ||
      one === wanted.find((other) => other.type === "radio" && other.name === one.name && other.form === one.form) &&
      !wanted.some((other) => other.name === one.name && other.form === one.form && other.checked);
    return wanted.filter(isStop);
  };
  const told = (one) => !one ? "nothing" : one.outerHTML.replace(/\\s+/g, " ").slice(0, 100);
  const look = (one) => {
    const style = getComputedStyle(one);
    return [style.boxShadow, style.borderTopColor, style.borderBottomColor, style.backgroundColor].join();
  };
  const faultsAt = (one, before) => {
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const faults = [];
    const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const isOnScreen = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
    if (!hasOutline && look(one) === before) faults.push(`no focus is seen on ${told(one)}`);
    if (!isOnScreen) faults.push(`the focus is not on the screen at ${told(one)}`);
    if (one.closest("[aria-hidden=true]")) faults.push(`Tab stops at what is hidden from readers: ${told(one)}`);
    return faults;
  };
"""
# Tab is made to go on at the page's beginning.
FROM_THE_BEGINNING = """
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
"""
PREPARE_SWEEP = f"() => {{ {FROM_THE_BEGINNING} }}"
# After a key was pressed the browser shows a focus that a script sets, too.
SWEEP = f"""() => {{
  {WANTED}
  const wanted = stops();
  const faults = [];
  const first = document.activeElement;
  if (!modal && wanted.length && first !== wanted[0]) faults.push(`Tab begins at ${{told(first)}}`);
  if (!modal && document.querySelector("nav")) {{
    const leads = wanted[0]?.matches("a[href^='#']") && document.getElementById(wanted[0].hash.slice(1));
    if (!leads) faults.push(`the first Tab leads to no link past the frame but to ${{told(wanted[0])}}`);
  }}
  first.blur();
  for (const one of wanted) {{
    const before = look(one);
    one.focus();
    if (document.activeElement !== one) faults.push(`the keyboard does not reach ${{told(one)}}`);
    else faults.push(...faultsAt(one, before));
    if (one.tabIndex > 0) faults.push(`Tab takes out of its order ${{told(one)}}`);
  }}
  document.activeElement.blur();
  scrollTo(0, 0);
  return faults;
}}"""
PREPARE_ROUND = f"""() => {{
  {WANTED}
  const wanted = stops();
  const before = new Map(wanted.map((one) => [one, look(one)]));
  const reached = [], faults = [];
  const listener = ({{ target }}) => {{ reached.push(target); faults.push(...faultsAt(target, before.get(target))); }};
  {FROM_THE_BEGINNING}
  document.addEventListener("focusin", listener);
  window.tabbing = {{ wanted, reached, faults, told, end: () => document.removeEventListener("focusin", listener) }};
  return wanted.length;
}}"""
JUDGE_ROUND = """() => {
  const { wanted, reached, faults, told, end } = window.tabbing;
  end();
  const all = new Set(reached);
  faults.push(...wanted.filter((one) => !all.has(one)).map((one) => `Tab does not reach ${told(one)}`));
  const again = reached.findIndex((one, place) => place && one === reached[0]);
  (again < 0 ? reached : reached.slice(0, again)).forEach((one, place, round) => {
    const last = round[place - 1];
    if (last && !(last.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING)) {
      faults.push(`Tab goes back from ${told(last)} to ${told(one)}`);
    }
  });
  return [...new Set(faults)];
}"""


def faults_of_sweep(page: Page) -> list[str]:
    """What somebody without a mouse would miss there: controls that take no focus, a focus that is not seen, an order
    other than the page's, and a first stop that does not lead past the frame. Tab is pressed once."""
    page.evaluate(PREPARE_SWEEP)
    page.keyboard.press("Tab")
    return list(page.evaluate(SWEEP))


def faults_of_round(page: Page) -> list[str]:
    """The same by pressing Tab from the page's beginning until it comes round: a script that minds keys shows too."""
    for _ in range(page.evaluate(PREPARE_ROUND) + 1):
        page.keyboard.press("Tab")
    return list(page.evaluate(JUDGE_ROUND))
