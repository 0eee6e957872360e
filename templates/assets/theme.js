// Changes the look without leaving the page, so that nothing typed is lost. The link alone does it too:
// the server keeps the choice in a cookie and draws the page again.

/** Watches a link of the look menu, `?theme=auto|light|dark`. */
export function setTheme(link) {
  const theme = new URL(link.href).searchParams.get("theme");
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    draw(theme);
    mark(link);
    const kept = await fetch(link.href, { method: "HEAD", credentials: "same-origin" }).catch(() => null);
    if (!kept?.ok) location.assign(link.href);
  });
}

function draw(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const scheme = document.querySelector('meta[name="color-scheme"]');
  if (scheme) scheme.content = theme === "auto" ? "light dark" : theme;
}

function mark(link) {
  const menu = link.closest("details");
  const choices = (menu || link.parentElement).querySelectorAll("[aria-current]");
  choices.forEach((other) => other.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "true");
  if (!menu) return;
  const [shown, chosen] = [menu.querySelector("summary use"), link.querySelector("use")];
  if (shown && chosen) shown.setAttribute("href", chosen.getAttribute("href"));
  menu.open = false;
  menu.querySelector("summary").focus();
}
