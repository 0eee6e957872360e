// Sends files as soon as they are chosen, with a meter, and lists them without leaving the page.
// Without it the page's own buttons do the same: the server knows no difference.

const PER_CENT = 100;

/** One question for files: its list, its input, its meter and what it says. */
class Upload {
  constructor(box) {
    this.box = box;
    this.form = box.closest("form");
    this.list = box.querySelector("[data-files]");
    this.input = box.querySelector('input[type="file"]');
    this.meter = box.querySelector("[data-meter]");
    this.said = box.querySelector("[data-said]");
    this.wrong = box.querySelector("[data-wrong]");
    this.most = Number(box.dataset.most);
    this.sending = 0;
  }

  live() {
    this.box.querySelector("[data-attach]").hidden = true;
    this.input.addEventListener("change", () => this.sendAll());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-drop]");
      if (!button) return;
      event.preventDefault();
      this.drop(button.closest("li"));
    });
    this.form.addEventListener("submit", (event) => {
      if (!this.sending) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.complain(this.box.dataset.sayBusy);
    }, true);
    for (const name of ["dragenter", "dragover"]) {
      this.box.addEventListener(name, (event) => {
        event.preventDefault();
        this.box.classList.add("upload--over");
      });
    }
    for (const name of ["dragleave", "drop"]) {
      this.box.addEventListener(name, (event) => {
        event.preventDefault();
        this.box.classList.remove("upload--over");
        if (name === "drop" && event.dataTransfer) this.sendAll([...event.dataTransfer.files]);
      });
    }
  }

  count() {
    return this.list.children.length;
  }

  async sendAll(files = [...this.input.files]) {
    this.complain("");
    for (const file of this.most === 1 ? files.slice(0, 1) : files) {
      if (this.most > 1 && this.count() >= this.most) {
        this.complain(this.box.dataset.sayFull);
        break;
      }
      if (!(await this.send(file))) break;
    }
    this.input.value = ""; // what was sent is not posted once more with the page
  }

  /** Sends one file; resolves to whether it was taken. */
  send(file) {
    const body = new FormData();
    body.append("csrf_token", this.form.elements.csrf_token.value);
    body.append(`file:${this.box.dataset.upload}`, file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", `${this.form.getAttribute("action")}/files`);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    this.sending += 1;
    this.say(`${this.box.dataset.saySending} ${file.name}`);
    this.meter.value = 0;
    this.meter.hidden = false;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) this.meter.value = (event.loaded / event.total) * PER_CENT;
    });
    return new Promise((done) => {
      request.addEventListener("loadend", () => {
        this.sending -= 1;
        this.meter.hidden = true;
        const isTaken = request.status === 200 && request.response?.html;
        if (isTaken) this.add(request.response, file.name);
        else this.refuse(request.response);
        done(Boolean(isTaken));
      });
      request.send(body);
    });
  }

  add({ alone, html, id }, name) {
    const same = this.list.querySelector(`input[value="${CSS.escape(id)}"]`);
    if (same) same.closest("li").remove();
    if (alone) this.list.replaceChildren();
    const line = new DOMParser().parseFromString(html, "text/html").querySelector("li");
    if (line) this.list.append(document.adoptNode(line)); // parsed apart: nothing in it runs
    this.say(`${this.box.dataset.saySent} ${name}`);
    this.changed();
  }

  drop(line) {
    const next = line.nextElementSibling || line.previousElementSibling;
    line.remove();
    (next?.querySelector("[data-drop]") || this.input).focus();
    this.complain("");
    this.say(this.box.dataset.sayDropped);
    this.changed();
  }

  refuse(fault) {
    this.say("");
    this.complain(fault?.message ? `${fault.message} ${fault.next || ""}` : this.box.dataset.sayFailed);
  }

  say(text) {
    this.said.textContent = text;
  }

  complain(text) {
    this.wrong.textContent = text;
    this.wrong.hidden = !text;
  }

  /** Lets conditions that read this question see its new answer. */
  changed() {
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Brings every question for files in a form to life. */
export function liveUploads(form) {
  if (!window.FormData || !("upload" in new XMLHttpRequest())) return;
  for (const box of form.querySelectorAll("[data-upload]")) new Upload(box).live();
}
