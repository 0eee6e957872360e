// Runs what form-logic.js exports: a line of JSON in, a line of JSON out.

import { createInterface } from "node:readline";

import { Day, read, write } from "../../templates/assets/expr.js";
import { answer, decide, inWords } from "../../templates/assets/form-logic.js";

function decided({ logic, texts, moves, sections, today }) {
  const page = {
    typed: (control) => (control.id in texts ? answer(texts[control.id], control) : undefined),
    moves: (control) => moves.includes(control.id),
    section: (control) => sections[control.id] ?? null,
  };
  const state = decide(logic, page, Day.read(today));
  return {
    shown: Object.fromEntries(state.shown),
    sections: Object.fromEntries(state.sections),
    values: Object.fromEntries([...state.values].map(([id, value]) => [id, write(value)])),
  };
}

const ANSWER = {
  answer: ({ texts, type, widget }) => write(answer(texts, { type, widget })),
  words: ({ v, t, lang, look }) => inWords(read(v, t), lang, look),
  decide: decided,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [what, batch] = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(batch.map(ANSWER[what]))}\n`);
}
