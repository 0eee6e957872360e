// Computes batches with templates/assets/expr.js: a line of JSON in, a line of JSON out.

import { createInterface } from "node:readline";

import { Day, evaluate, names, read, write } from "../../templates/assets/expr.js";

function compute({ tree, scope, today }) {
  const look = (name) => {
    const found = Object.hasOwn(scope, name) ? scope[name] : null;
    return found === null ? null : read(found.v, found.t);
  };
  return write(evaluate(tree, look, Day.read(today)));
}

const ANSWER = { compute, names: ({ tree }) => [...names(tree)].sort() };

for await (const line of createInterface({ input: process.stdin })) {
  const [what, batch] = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(batch.map(ANSWER[what]))}\n`);
}
