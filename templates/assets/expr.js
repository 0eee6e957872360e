// Computes an expression's tree as builder/expr does in Python: three-valued, exact, by code points.
//
// Values: null, booleans, strings, Num (whole numbers and decimals as scaled BigInt, never a float),
// Day (a calendar day) and Moment (a point in time). A tree is what Tree.to_json() writes:
// {"v": literal, "t": type}, {"n": "entity.field"}, {"f": operator, "a": [trees]}.

const PLACES = 6;
const LIMIT = 10n ** 18n;
const LAST_YEAR = 9999;
const MOST_DAYS = 4000000n;
const ZONE = "Asia/Shanghai";

// ── Values ─────────────────────────────────────────────────────────────────────────────────────────

const power = (places) => 10n ** BigInt(places);
const magnitude = (n) => (n < 0n ? -n : n);

/** A number: `digits` divided by ten to the `places`; `whole` numbers have a range of their own. */
export class Num {
  constructor(digits, places, whole) {
    this.digits = digits;
    this.places = places;
    this.whole = whole;
  }

  /** Returns it as text: no exponent, no zeros at the end, no sign on zero. */
  toString() {
    return this.toFixed().replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  }

  /** Returns it with all its places. */
  toFixed() {
    const text = magnitude(this.digits).toString().padStart(this.places + 1, "0");
    const cut = text.length - this.places;
    const sign = this.digits < 0n ? "-" : "";
    return sign + text.slice(0, cut) + (this.places ? `.${text.slice(cut)}` : "");
  }
}

/** A day of the calendar, years 1 to 9999, as days since 1970-01-01. */
export class Day {
  constructor(days) {
    this.days = days;
  }

  /** Returns the day, or null where the calendar has none. */
  static of(year, month, day) {
    if (year < 1 || year > LAST_YEAR || month < 1 || month > 12) return null;
    if (day < 1 || day > daysIn(year, month)) return null;
    const at = new Date(Date.UTC(2000, month - 1, day));
    at.setUTCFullYear(year, month - 1, day);
    return new Day(Math.round(at.getTime() / 86400000));
  }

  static read(text) {
    const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
    return found ? Day.of(+found[1], +found[2], +found[3]) : null;
  }

  /** Returns [year, month, day]. */
  parts() {
    const at = new Date(this.days * 86400000);
    return [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
  }

  toString() {
    const [year, month, day] = this.parts();
    return `${String(year).padStart(4, "0")}-${pad(month)}-${pad(day)}`;
  }
}

/** A point in time, in microseconds since 1970 as a BigInt. Without an offset it is Shanghai's. */
export class Moment {
  constructor(micros, text) {
    this.micros = micros;
    this.text = text;
  }

  static read(text) {
    const found =
      /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
    const day = found && Day.read(found[1]);
    if (!day) return null;
    const [hour, minute, second] = [+found[2], +found[3], +(found[4] || 0)];
    if (hour > 23 || minute > 59 || second > 59) return null;
    const seconds = day.days * 86400 + hour * 3600 + minute * 60 + second - offset(found[6]);
    return new Moment(BigInt(seconds) * 1000000n + BigInt((found[5] || "").padEnd(6, "0")), text);
  }

  /** Returns the day on Shanghai's calendar. */
  day() {
    if (this.micros < BigInt(FIRST_DAY) * 86400000000n) return null;
    const milli = Number((this.micros - (((this.micros % 1000n) + 1000n) % 1000n)) / 1000n);
    return shanghaiDay(new Date(milli));
  }

  toString() {
    return this.text;
  }
}

const pad = (n) => String(n).padStart(2, "0");

function offset(text) {
  if (text === "Z") return 0;
  const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})/.exec(text || "+08:00");
  return (sign === "-" ? -1 : 1) * (+hours * 3600 + +minutes * 60);
}

function daysIn(year, month) {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Returns the day that a Date falls on in Shanghai. */
export function shanghaiDay(at) {
  const shown = new Intl.DateTimeFormat("en-CA", {
    timeZone: ZONE, calendar: "gregory", numberingSystem: "latn",
    year: "numeric", month: "2-digit", day: "2-digit",
  });
  const part = Object.fromEntries(shown.formatToParts(at).map((p) => [p.type, +p.value]));
  return Day.of(part.year, part.month, part.day);
}

/** Returns a value of a type from its JSON spelling; null for what is none of it. */
export function read(json, type) {
  if (json === null || json === undefined) return null;
  switch (type) {
    case "int": return readWhole(String(json));
    case "decimal": return readDecimal(String(json));
    case "date": return Day.read(String(json));
    case "timestamp": return Moment.read(String(json));
    case "bool": return typeof json === "boolean" ? json : null;
    default: return typeof json === "string" || typeof json === "boolean" ? json : null;
  }
}

/** Returns a value in its JSON spelling, {"v", "t"}, as Constant.to_json() writes it. */
export function write(value) {
  if (value instanceof Num) {
    return { v: value.toFixed(), t: value.whole ? "int" : "decimal" };
  }
  if (value instanceof Day) return { v: value.toString(), t: "date" };
  if (value instanceof Moment) return { v: value.toString(), t: "timestamp" };
  return { v: value };
}

const readWhole = (text) => (/^[+-]?\d+$/.test(text) ? new Num(BigInt(text.replace("+", "")), 0, true) : null);

function readDecimal(text) {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!found || !(found[2] || found[3])) return null;
  const digits = BigInt((found[2] || "0") + (found[3] || ""));
  return new Num(found[1] === "-" ? -digits : digits, (found[3] || "").length, false);
}

function kindOf(value) {
  if (value instanceof Num) return "number";
  if (value instanceof Day) return "date";
  if (value instanceof Moment) return "timestamp";
  return value === null || value === undefined ? "null" : typeof value;
}

// ── Comparison ─────────────────────────────────────────────────────────────────────────────────────

/** Compares two values of one kind: below zero, zero, above zero; null where they are not. */
function order(left, right) {
  const kind = kindOf(left);
  if (kind === "null" || kind !== kindOf(right)) return null;
  switch (kind) {
    case "number": return orderNumbers(left, right);
    case "date": return left.days - right.days;
    case "timestamp": return sign(left.micros - right.micros);
    case "string": return orderTexts(left, right);
    default: return Number(left) - Number(right);
  }
}

const sign = (n) => (n > 0n ? 1 : n < 0n ? -1 : 0);

function orderNumbers(left, right) {
  const places = Math.max(left.places, right.places);
  return sign(scaled(left, places) - scaled(right, places));
}

/** Compares by code points; UTF-16 units would put 𠮷 before 豈. */
function orderTexts(left, right) {
  if (left === right) return 0;
  const a = left[Symbol.iterator]();
  const b = right[Symbol.iterator]();
  for (;;) {
    const [one, other] = [a.next(), b.next()];
    if (one.done || other.done) return one.done ? (other.done ? 0 : -1) : 1;
    if (one.value !== other.value) return one.value.codePointAt(0) - other.value.codePointAt(0);
  }
}

const compared = (test) => (left, right) => {
  const found = order(left, right);
  return found === null ? null : test(found);
};

const equal = compared((n) => n === 0);

function isIn(value, ...listed) {
  const found = listed.map((item) => equal(value, item));
  return found.includes(true) ? true : found.includes(null) ? null : false;
}

function between(value, low, high) {
  const found = [compared((n) => n >= 0)(value, low), compared((n) => n <= 0)(value, high)];
  return found.includes(false) ? false : found.includes(null) ? null : true;
}

const best = (better) => (...values) => {
  let found = null;
  for (const value of values) {
    if (kindOf(value) === "null") continue;
    if (found === null) {
      found = value;
      continue;
    }
    const by = order(value, found);
    if (by === null) return null;
    if (better(by)) found = value;
  }
  return found;
};

// ── Numbers: 18 digits before the point and 6 behind it, rounded half away from zero ───────────────

const scaled = (number, places) => number.digits * power(places - number.places);
const isWhole = (value) => value instanceof Num && value.whole;

const whole = (digits) => (magnitude(digits) < LIMIT ? new Num(digits, 0, true) : null);

function bounded(digits, places) {
  return magnitude(digits) < LIMIT * power(places) ? new Num(digits, places, false) : null;
}

/** Divides, rounding half away from zero. */
function quotient(over, under) {
  const half = (2n * magnitude(over) + magnitude(under)) / (2n * magnitude(under));
  return over < 0n !== under < 0n ? -half : half;
}

function rounded(number, places) {
  if (number.places <= places) return scaled(number, places);
  return quotient(number.digits, power(number.places - places));
}

/** Returns a number as arithmetic takes it: six places at most, in range; null where it is not. */
function fixed(number) {
  if (number.whole) return number;
  if (number.places <= PLACES) return bounded(number.digits, number.places);
  return bounded(rounded(number, PLACES), PLACES);
}

function shortest(number) {
  if (number === null) return null;
  let { digits, places } = number;
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n;
    places -= 1;
  }
  return new Num(digits, places, number.whole);
}

const arithmetic = (exact) => {
  const two = (left, right) => {
    if (!(left instanceof Num && right instanceof Num)) return null;
    if (left.whole && right.whole) return whole(exact(left, right).digits);
    const [a, b] = [fixed(left), fixed(right)];
    return a === null || b === null ? null : fixed(exact(a, b));
  };
  return (first, ...rest) => rest.reduce(two, first);
};

function sum(left, right) {
  const places = Math.max(left.places, right.places);
  return new Num(scaled(left, places) + scaled(right, places), places, false);
}

const add = arithmetic(sum);
const sub = arithmetic((left, right) => sum(left, new Num(-right.digits, right.places, false)));
const mul = arithmetic((left, right) => new Num(left.digits * right.digits, left.places + right.places, false));

function div(left, right) {
  if (!(left instanceof Num && right instanceof Num)) return null;
  const [a, b] = [fixed(left), fixed(right)];
  if (a === null || b === null || b.digits === 0n) return null;
  return shortest(bounded(quotient(scaled(a, PLACES) * power(PLACES), scaled(b, PLACES)), PLACES));
}

const number = (change) => (value) => (value instanceof Num ? change(value) : null);
const negate = number((n) => new Num(-n.digits, n.places, n.whole));

/** Rounds half away from zero to 0 to 6 places. */
export function roundTo(value, places = new Num(0n, 0, true)) {
  if (!(value instanceof Num) || !isWhole(places)) return null;
  if (places.digits < 0n || places.digits > BigInt(PLACES) || !inRange(value)) return null;
  return bounded(rounded(value, Number(places.digits)), Number(places.digits));
}

const inRange = (n) => magnitude(n.digits) < LIMIT * power(n.places);

function toInt(value) {
  if (typeof value === "string") return /^[+-]?\d{1,18}$/.test(value) ? readWhole(value) : null;
  return value instanceof Num && (value.whole || inRange(value)) ? whole(rounded(value, 0)) : null;
}

function toDecimal(value, digits, places) {
  if (typeof value === "string") {
    value = /^[+-]?\d{1,18}(\.\d{1,18})?$/.test(value) ? readDecimal(value) : null;
  }
  if (!(value instanceof Num) || !inRange(value)) return null;
  const [most, behind] = [Number(digits.digits), Number(places.digits)];
  const found = rounded(value, behind);
  return magnitude(found) < power(most) ? bounded(found, behind) : null;
}

// ── Text, by code points; letters change in ASCII only ──────────────────────────────────────────────

const text = (change) => (...values) => (values.every((v) => typeof v === "string") ? change(...values) : null);

function substr(value, start, length) {
  if (typeof value !== "string" || !isWhole(start) || (length !== undefined && !isWhole(length))) return null;
  if (start.digits < 1n || (length !== undefined && length.digits < 0n)) return null;
  const from = Number(start.digits) - 1;
  return [...value].slice(from, length === undefined ? undefined : from + Number(length.digits)).join("");
}

function toText(value) {
  if (value === null || value instanceof Moment) return null;
  const plain = value instanceof Num ? fixed(value) : value;
  return plain === null ? null : String(plain);
}

// ── Days ───────────────────────────────────────────────────────────────────────────────────────────

const part = (at) => (value) => (value instanceof Day ? new Num(BigInt(value.parts()[at]), 0, true) : null);

function daysBetween(start, end) {
  if (!(start instanceof Day && end instanceof Day)) return null;
  return new Num(BigInt(end.days - start.days), 0, true);
}

const FIRST_DAY = Day.of(1, 1, 1).days;
const LAST_DAY = Day.of(LAST_YEAR, 12, 31).days;

function addDays(start, days) {
  if (!(start instanceof Day) || !isWhole(days) || magnitude(days.digits) > MOST_DAYS) return null;
  const found = start.days + Number(days.digits);
  return found < FIRST_DAY || found > LAST_DAY ? null : new Day(found);
}

function addMonths(start, months) {
  if (!(start instanceof Day) || !isWhole(months)) return null;
  const [year, month, day] = start.parts();
  const count = BigInt(year * 12 + month - 1) + months.digits;
  if (count < 12n || count >= 12n * BigInt(LAST_YEAR + 1)) return null;
  const [inYear, inMonth] = [Number(count / 12n), Number(count % 12n) + 1];
  return Day.of(inYear, inMonth, Math.min(day, daysIn(inYear, inMonth)));
}

function age(born, today) {
  if (!(born instanceof Day) || born.days > today.days) return null;
  const [year, month, day] = born.parts();
  const [thisYear, thisMonth, thisDay] = today.parts();
  const isBefore = thisMonth < month || (thisMonth === month && thisDay < day);
  return new Num(BigInt(thisYear - year - (isBefore ? 1 : 0)), 0, true);
}

function toDate(value) {
  if (value instanceof Moment) return value.day();
  if (typeof value === "string") return Day.read(value);
  return value instanceof Day ? value : null;
}

// ── Numbers that people and enterprises carry: GB 11643, GB 32100 ───────────────────────────────────

const ID =
  /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9])\d{4}(?:1[89]|20)\d{9}[\dX]$/;
const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const CODE_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

const weighed = (weights, worth) => weights.reduce((total, weight, at) => total + worth(at) * weight, 0);
const birth = (id) => Day.of(+id.slice(6, 10), +id.slice(10, 12), +id.slice(12, 14));

function isId(value) {
  if (!ID.test(value) || birth(value) === null) return false;
  return value[17] === "10X98765432"[weighed(ID_WEIGHTS, (at) => +value[at]) % 11];
}

function isCreditCode(value) {
  if (value.length !== 18 || [...value].some((c) => !CODE_ALPHABET.includes(c))) return false;
  const total = weighed(CODE_WEIGHTS, (at) => CODE_ALPHABET.indexOf(value[at]));
  return value[17] === CODE_ALPHABET[(31 - (total % 31)) % 31];
}

// ── The closed list ────────────────────────────────────────────────────────────────────────────────

const isBool = (value) => typeof value === "boolean";

const APPLY = {
  not: (v) => (isBool(v) ? !v : null),
  eq: equal,
  ne: compared((n) => n !== 0),
  lt: compared((n) => n < 0),
  le: compared((n) => n <= 0),
  gt: compared((n) => n > 0),
  ge: compared((n) => n >= 0),
  between,
  in: isIn,
  is_null: (v) => v === null,
  is_true: (v) => v === true,
  is_false: (v) => v === false,
  add, sub, mul, div,
  neg: negate,
  abs: number((n) => new Num(magnitude(n.digits), n.places, n.whole)),
  round: roundTo,
  concat: text((...parts) => parts.join("")),
  lower: text((v) => v.replace(/[A-Z]+/g, (s) => s.toLowerCase())),
  upper: text((v) => v.replace(/[a-z]+/g, (s) => s.toUpperCase())),
  trim: text((v) => v.replace(/^[ \u3000]+|[ \u3000]+$/g, "")),
  length: text((v) => new Num(BigInt([...v].length), 0, true)),
  substr,
  starts_with: text((v, head) => v.startsWith(head)),
  contains: text((v, within) => v.includes(within)),
  least: best((by) => by < 0),
  greatest: best((by) => by > 0),
  year: part(0),
  month: part(1),
  day: part(2),
  days_between: daysBetween,
  add_days: addDays,
  add_months: addMonths,
  cast_int: toInt,
  cast_decimal: toDecimal,
  cast_date: toDate,
  cast_text: toText,
  id_valid: text(isId),
  id_birth_date: text((v) => (isId(v) ? birth(v) : null)),
  id_sex: text((v) => (isId(v) ? (+v[16] % 2 ? "1" : "2") : null)),
  credit_code_valid: text(isCreditCode),
};

const LAZY = {
  and: (parts, run) => conjunction(parts, run, false),
  or: (parts, run) => conjunction(parts, run, true),
  case: (parts, run) => {
    for (let at = 0; at + 1 < parts.length; at += 2) {
      if (run(parts[at]) === true) return run(parts[at + 1]);
    }
    return run(parts[parts.length - 1]);
  },
  coalesce: (parts, run) => {
    for (const one of parts) {
      const value = run(one);
      if (value !== null) return value;
    }
    return null;
  },
};

const owns = (table, key) => Object.prototype.hasOwnProperty.call(table, key);

function conjunction(parts, run, stop) {
  let isUnknown = false;
  for (const one of parts) {
    const value = run(one);
    if (value === stop) return stop;
    if (!isBool(value)) isUnknown = true;
  }
  return isUnknown ? null : !stop;
}

/**
 * Computes a tree.
 *
 * @param tree as Tree.to_json() writes it
 * @param scope name => value, null or undefined for what is not answered
 * @param today a Day
 */
export function evaluate(tree, scope, today) {
  const run = (node) => {
    if ("n" in node) return scope(node.n) ?? null;
    if (!("f" in node)) return "t" in node ? read(node.v, node.t) : node.v;
    if (node.f === "today") return today;
    if (node.f === "age") return age(run(node.a[0]), today);
    if (owns(LAZY, node.f)) return LAZY[node.f](node.a, run);
    if (!owns(APPLY, node.f)) throw new Error(`no operator ${node.f}`);
    return APPLY[node.f](...node.a.map(run));
  };
  return run(tree);
}

/** Returns the names that a tree reads. */
export function names(tree) {
  if (tree === null || typeof tree !== "object") return new Set();
  if ("n" in tree) return new Set([tree.n]);
  return new Set((tree.a || []).flatMap((node) => [...names(node)]));
}
