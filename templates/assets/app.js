// Small helps on every page. Each works without: links go where they say, buttons post their form.

import { closeMenus } from "./menu.js";
import { holdForms } from "./once.js";
import { setTheme } from "./theme.js";

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

/** Leads to what must be read first: the list of errors, and from it to the input to mend. */
function focusErrors() {
  const summary = document.querySelector("[data-focus]");
  if (!summary) return;
  summary.focus();
  summary.addEventListener("click", (event) => {
    const target = event.target.closest('a[href^="#"]');
    const input = target && document.getElementById(decodeURIComponent(target.hash.slice(1)));
    if (!input) return;
    event.preventDefault();
    input.focus();
    (input.closest(".field") || input).scrollIntoView({ block: "start" });
  });
}

/** A button that only a script can make work is hidden until there is one. */
function printButton(button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

/** `data-copy` holds what is copied, `data-copied` the word that then says so. */
function copyButton(button) {
  if (!navigator.clipboard) return;
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  button.after(said);
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    said.textContent = button.dataset.copied;
    button.dataset.state = "copied";
  });
}

/** Paper cannot be unfolded: what is folded is printed open. Of a group, only the open one is. */
function printFolds() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.fold:not([open], [name])")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });
}

/** The other language opens at the same place of the page. */
function keepPlace(link) {
  link.addEventListener("click", () => { link.hash = location.hash; });
}

focusErrors();
printFolds();
each("[data-print]", printButton);
each("[data-copy]", copyButton);
each('a[hreflang][href^="?"]', keepPlace);
each('a[href*="theme="]', setTheme);
closeMenus(document);
holdForms(document);
