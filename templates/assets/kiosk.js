// A public screen: warns when nobody has touched it for a while, then ends the sign-in and wipes. The
// server counts too, so that without this a request that comes too late finds its sign-in ended.

const WARN_S = 30;
const PING_S = 15;

const root = document.documentElement;
const idleMs = Number(root.dataset.kiosk) * 1000;
const dialog = document.getElementById("idle");
const end = document.querySelector("form[data-end]");

let restsFrom = Date.now();
let toldFrom = Date.now();

/** Posts a form's fields without leaving the page. */
const post = (address, form) =>
  fetch(address, { method: "POST", body: new FormData(form), credentials: "same-origin" });

function touched() {
  if (dialog?.open) return; // the question is answered by its buttons
  restsFrom = Date.now();
  if (restsFrom - toldFrom > PING_S * 1000) tell();
}

/** Says to the server that somebody is there; it may know better and have ended already. */
async function tell() {
  toldFrom = Date.now();
  const answer = await post("/kiosk/stay", end).catch(() => null);
  if (answer?.redirected) location.replace("/kiosk");
}

function finish() {
  end.querySelector('[name="why"]').value = "rested";
  end.submit();
}

function tick() {
  const leftS = Math.ceil((restsFrom + idleMs - Date.now()) / 1000);
  if (leftS <= 0) {
    clearInterval(ticking);
    if (dialog) finish();
    else location.replace("/kiosk"); // nobody came: the welcome page anew
  } else if (dialog && leftS <= WARN_S) warn(leftS);
}

function warn(leftS) {
  const text = dialog.querySelector("[data-text]");
  text.textContent = text.dataset.text.replace("#", leftS);
  if (!dialog.open) dialog.showModal();
}

function stay() {
  dialog.close();
  touched();
  tell();
}

/** The call goes out beside the page, so that nothing typed is lost. */
function callBeside(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await post(form.action, form).catch(() => null);
    if (!answer?.ok) form.submit();
    const said = document.querySelector("[data-called]");
    said.textContent = said.dataset.called;
  });
}

const ticking = setInterval(tick, 1000);
for (const kind of ["pointerdown", "keydown", "input", "scroll", "wheel"]) {
  addEventListener(kind, touched, { passive: true, capture: true });
}
dialog?.querySelector("[data-stay]").addEventListener("click", stay);
dialog?.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
document.querySelectorAll("form[data-call]").forEach(callBeside);
// A page that the browser kept whole must not come back by its back button.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
