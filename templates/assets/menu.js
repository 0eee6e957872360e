// Closes open menus (`details[data-menu]`) as people expect: by Escape, by a click or focus elsewhere.

/** Watches a document. */
export function closeMenus(page) {
  const open = () => page.querySelectorAll("details[data-menu][open]");
  const leave = (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  };
  page.addEventListener("click", leave);
  page.addEventListener("focusin", leave);
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
