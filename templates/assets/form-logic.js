// Decides which parts of a page show and what its calculations give, from the JSON island that the
// server wrote (builder/forms/logic.py). Values in, values out: no page, so it runs in tests as well.

import { Day, Moment, Num, evaluate, read, roundTo } from "./expr.js";

/** Returns the name that expressions use for a pointer: /entity/field is entity.field. */
export const nameOf = (pointer) => pointer.slice(1).replace(/\//g, ".");

const SPACES = /[\s\u3000]+/g;
const JOINTS = /[\s\-‐‑‒–—―−－·.]+/g;
const CODES = new Set(["id-number", "credit-code", "bank-card"]);
const YES = new Set(["yes", "true", "on"]);
const NO = new Set(["no", "false"]);

/**
 * Returns what was typed or chosen as a value, read as forgivingly as the server does; null for what
 * is none (yet).
 *
 * @param texts what the control's inputs hold
 */
export function answer(texts, { type, widget }) {
  const given = texts.map((text) => text.normalize("NFC").replace(SPACES, " ").trim()).filter(Boolean);
  if (!given.length) return null;
  const plain = given[0].normalize("NFKC");
  switch (type) {
    case "bool": return YES.has(plain) ? true : NO.has(plain) ? false : null;
    case "int": return read(bare(plain), "int");
    case "decimal": return read(bare(plain), "decimal");
    case "date": return typedDay(plain);
    case "list": return `\n${given.join("\n")}\n`; // each on a line, as expressions read it
    case "timestamp": return Moment.read(plain);
    case "text": return CODES.has(widget) ? plain.replace(JOINTS, "").toUpperCase() : given.join(" ");
    default: return null;
  }
}

/** Returns a typed number without grouping, currency and unit. */
const bare = (text) => text.replace(/[,，\s]/g, "").replace(/^[^\d.+-]+|[^\d.]+$/g, "");

function typedDay(text) {
  const found = /^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$/.exec(text)
    || /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  return found ? Day.of(+found[1], +found[2], +found[3]) : null;
}

/**
 * Decides a page as it stands.
 *
 * @param logic the island
 * @param page what the page knows of a control: `typed(control)`, the value in its inputs, undefined
 *   where it has none; `moves(control)`, whether its own condition shows and hides it here;
 *   `section(control)`, the id of its section, null for none
 * @param today a Day
 * @returns {{shown: Map<string, boolean>, needed: Map<string, boolean>, values: Map<string, any>, sections: Map<string, boolean>}}
 *   by control id, by control id, by section id
 */
export function decide(logic, page, today) {
  const memo = new Map();
  const fillers = new Map();
  for (const control of logic.controls) {
    const name = nameOf(control.pointer || "/");
    fillers.set(name, [...(fillers.get(name) || []), control]);
  }
  const rules = new Map(logic.sections.map((section) => [section.id, section.when]));
  const asking = new Set();

  /** Finds something once. What is found while a section is in question is not kept: it is found as
      if that section were open, for a section's condition holds those of its own controls. */
  function once(key, find) {
    if (memo.has(key)) return memo.get(key);
    memo.set(key, null); // a circle ends here; the server refuses specs that have one
    const found = find();
    if (asking.size) memo.delete(key);
    else memo.set(key, found);
    return found;
  }

  const met = (tree) => !tree || evaluate(tree, scope, today) === true;

  function opens(section) {
    if (section === null || !rules.has(section) || asking.has(section)) return true;
    return once(`section ${section}`, () => {
      asking.add(section);
      try {
        return met(rules.get(section));
      } finally {
        asking.delete(section);
      }
    });
  }

  const shows = (control) =>
    once(`shown ${control.id}`, () => opens(page.section(control)) && (!page.moves(control) || met(control.when)));

  const value = (control) =>
    once(`value ${control.id}`, () => {
      if (!shows(control)) return null;
      if (control.compute) return evaluate(control.compute, scope, today);
      const typed = page.typed(control);
      return typed === undefined ? constant(control.pointer) : typed;
    });

  function constant(pointer) {
    return read(logic.constants[pointer], logic.types?.[pointer]);
  }

  function scope(name) {
    const controls = fillers.get(name);
    if (!controls) return constant(`/${name.replace(/\./g, "/")}`);
    const shown = controls.find(shows);
    return shown ? value(shown) : null;
  }

  const byId = (things, find) => new Map(things.map((thing) => [thing.id, find(thing)]));
  return {
    shown: byId(logic.controls, shows),
    needed: byId(logic.controls, (control) => Boolean(control.needed) && met(control.needed)),
    values: byId(logic.controls, value),
    sections: byId(logic.sections, (section) => opens(section.id)),
  };
}

/**
 * Returns a computed value as people read it: digits grouped, a day in words, yes or no.
 *
 * @param look {scale, unit}: places to round to, what stands behind; both may be missing
 */
export function inWords(value, lang, look = {}) {
  const isChinese = lang.startsWith("zh");
  if (value === null) return "";
  if (typeof value === "boolean") return isChinese ? (value ? "是" : "否") : value ? "Yes" : "No";
  if (value instanceof Day) {
    const [year, month, day] = value.parts();
    return isChinese ? `${year}年${month}月${day}日` : `${day} ${MONTHS[month - 1]} ${year}`;
  }
  const text = value instanceof Num ? groupedDigits(rounded(value, look.scale).toFixed()) : String(value);
  const unit = look.unit?.[isChinese ? "zh" : "en"];
  return unit ? `${text} ${unit}` : text;
}

const MONTHS = ("January February March April May June July August September October November "
  + "December").split(" ");

function rounded(number, scale) {
  if (scale === null || scale === undefined) return number;
  return roundTo(number, new Num(BigInt(scale), 0, true)) ?? number;
}

const groupedDigits = (text) => text.replace(/^(-?)(\d+)/, (_all, sign, digits) =>
  sign + digits.replace(/\B(?=(\d{3})+$)/g, ","));
