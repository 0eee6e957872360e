// Sends a form once, however often its button is pressed. The server answers a second post with the
// first one's receipt; this spares the wait and the doubt.

const RELEASE_MS = 20000;

const buttons = (form) => [...form.elements].filter((part) => part.type === "submit");

function hold(form) {
  form.setAttribute("aria-busy", "true");
  // after this turn: a disabled button would not be posted
  setTimeout(() => buttons(form).forEach((button) => { button.disabled = true; }));
  setTimeout(() => release(form), RELEASE_MS); // the answer was stopped or never came
}

function release(form) {
  if (!form.hasAttribute("aria-busy")) return;
  form.removeAttribute("aria-busy");
  buttons(form).forEach((button) => { button.disabled = false; });
}

/** Watches a document's forms that post. */
export function holdForms(page) {
  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.hasAttribute("aria-busy")) event.preventDefault();
    else hold(form);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) page.querySelectorAll("form[aria-busy]").forEach(release);
  });
}
