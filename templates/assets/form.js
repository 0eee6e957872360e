// Helps while a form is filled in: shows and hides questions at once, computes, counts characters,
// warns before answers are lost. The page works without; the server decides again on every post.

import { read, shanghaiDay } from "./expr.js";
import { answer, decide, inWords } from "./form-logic.js";
import { liveRows } from "./rows.js";
import { liveUploads } from "./upload.js";

const lang = document.documentElement.lang || "zh-CN";

/** Joins a page's logic with its inputs. */
class LivePage {
  constructor(form, logic) {
    this.form = form;
    this.logic = logic;
    this.isWaiting = false;
    this.today = read(logic.today, "date") || shanghaiDay(new Date());
    this.frames = new Map(logic.controls.map((control) => [control.id, this.frame(control.id)]));
  }

  frame(id) {
    const found = this.form.querySelectorAll(`[data-when-id="${CSS.escape(id)}"]`);
    return [...found].find((frame) => !isSection(frame)) || null;
  }

  inputs(control) {
    return [...this.form.elements].filter(
      (input) => input.name === control.name || input.name === `${control.name}.region`,
    );
  }

  typed(control) {
    const inputs = this.inputs(control);
    return inputs.length ? answer(inputs.flatMap(textsOf), control) : undefined;
  }

  moves(control) {
    return this.frames.get(control.id) !== null;
  }

  section(control) {
    const part = this.frames.get(control.id) || this.inputs(control)[0] || this.output(control);
    return part?.closest("[data-when-id].form-section")?.dataset.whenId ?? null;
  }

  output(control) {
    return this.form.querySelector(`output[data-output="${CSS.escape(control.name)}"]`);
  }

  /** Brings the page to what its answers make it. */
  show() {
    this.isWaiting = false;
    const state = decide(this.logic, this, this.today);
    for (const section of this.form.querySelectorAll(".form-section[data-when-id]")) {
      setHidden(section, state.sections.get(section.dataset.whenId) === false);
    }
    for (const control of this.logic.controls) {
      const frame = this.frames.get(control.id);
      if (frame) setHidden(frame, !state.shown.get(control.id));
      if (control.compute) this.write(control, state.values.get(control.id));
      if (control.needed) this.need(control, state.needed.get(control.id));
    }
  }

  /** Marks a question as required, or not, with what other answers make of it. */
  need(control, isNeeded) {
    const mark = this.form.querySelector(`[data-need="${CSS.escape(control.id)}"]`);
    if (!mark) return;
    setHidden(mark, !isNeeded);
    for (const input of this.inputs(control)) {
      if (["radio", "checkbox"].includes(input.type)) continue; // said in the legend
      if (isNeeded) input.setAttribute("aria-required", "true");
      else input.removeAttribute("aria-required");
    }
  }

  write(control, value) {
    const output = this.output(control);
    const text = inWords(value, lang, control);
    if (output && output.textContent.trim() !== text) output.textContent = text;
  }

  /** Asks to be shown once the browser has taken in what was typed. */
  wait() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => this.show());
  }

  live() {
    for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => this.wait());
    addEventListener("pageshow", () => this.wait()); // a browser puts answers back after load
    this.show();
  }
}

const isSection = (frame) => frame.classList.contains("form-section");

function setHidden(part, isHidden) {
  if (part.hidden !== isHidden) part.hidden = isHidden;
}

/** Returns what an input holds, as it would be posted; the value for a word of a list. */
function textsOf(input) {
  if (input.type === "radio" || input.type === "checkbox") return input.checked ? [input.value] : [];
  const word = [...(input.list?.options || [])].find((option) => option.value === input.value);
  return [word ? word.textContent : input.value];
}

/** Warns before a page with changed answers is left, unless it is being handed in. */
function guard(form) {
  const now = () => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  const before = now();
  let isLeaving = false;
  form.addEventListener("submit", () => { isLeaving = true; });
  addEventListener("pageshow", () => { isLeaving = false; });
  addEventListener("beforeunload", (event) => {
    if (isLeaving || now() === before) return;
    event.preventDefault();
    event.returnValue = true; // what browsers of before 2023 go by
  });
}

/** Counts the characters of a long text under it, as the server does: by code points. */
function count(area) {
  const limit = Number(area.dataset.limit);
  if (!limit) return;
  const line = document.createElement("p");
  line.className = "field__count";
  line.setAttribute("aria-hidden", "true"); // the server's message is what is read out
  const show = () => {
    const length = [...area.value.replace(/\r\n?/g, "\n")].length;
    line.textContent = `${length} / ${limit}`;
    line.classList.toggle("field__count--over", length > limit);
  };
  area.addEventListener("input", show);
  area.after(line);
  show();
}

const island = document.getElementById("form-logic");
for (const form of document.querySelectorAll("form[data-form]")) {
  if (island && form.contains(island)) new LivePage(form, JSON.parse(island.textContent)).live();
  form.querySelectorAll("textarea[data-limit]").forEach(count);
  form.querySelectorAll("[data-rows]").forEach(liveRows);
  liveUploads(form);
  guard(form);
}
