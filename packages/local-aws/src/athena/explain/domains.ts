/** A bound of a range, as Trino prints it. Without a value the range is open there. */
interface Marker {
  readonly value?: string;
  readonly bound: 'BELOW' | 'EXACTLY' | 'ABOVE';
}

/** A range of values of a column. */
export interface ValueRange {
  readonly low: Marker;
  readonly high: Marker;
}

/** The values that a column can have in the rows that a scan returns. */
export interface Domain {
  readonly nullsAllowed: boolean;
  readonly ranges: readonly ValueRange[];
}

const FROM_LEAST: Marker = { bound: 'ABOVE' };
const TO_GREATEST: Marker = { bound: 'BELOW' };

/** A range of one value. */
function exactly(value: string): ValueRange {
  return { low: { value, bound: 'EXACTLY' }, high: { value, bound: 'EXACTLY' } };
}

/** As many ranges as Trino lists before it takes the one around them all. (`Domain.simplify`) */
const MOST_RANGES = 32;

/** The least domain that is listed and has all ranges, which are in order. */
export function simplified({ nullsAllowed, ranges }: Domain): Domain {
  const [first] = ranges;
  const last = ranges.at(-1);
  if (ranges.length <= MOST_RANGES || first === undefined || last === undefined)
    return { nullsAllowed, ranges };
  return { nullsAllowed, ranges: [{ low: first.low, high: last.high }] };
}

const NAME = /^(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_]*))/;
const VALUE = /^(?:'((?:[^']|'')*)'(?:::[A-Z][A-Z0-9_ ]*(?:\([\d, ]+\))?)?|(-?\d[\d.eE+-]*|true|false))/;

/** A condition of a scan on one column, of those that name it and literals only. */
export interface ColumnCondition {
  readonly column: string;
  readonly domain: Domain;
}

/**
 * Reads a condition of DuckDB's plan on one column: comparisons with a literal, IN, IS NULL, and OR of these.
 *
 * @param typeOf Trino's type of a column; undefined for one that the table does not have.
 * @returns undefined for any other condition, which narrows no domain here.
 */
export function readCondition(
  condition: string,
  typeOf: (column: string) => string | undefined,
): ColumnCondition | undefined {
  const text = unwrapped(condition);
  const parts = splitAt(text, ' OR ');
  if (parts.length > 1) {
    const all = parts.map((part) => readCondition(part, typeOf));
    const column = all[0]?.column;
    if (column === undefined || all.some((one) => one?.column !== column)) return undefined;
    const domains = all.flatMap((one) => (one === undefined ? [] : [one.domain]));
    const ranges = domains.flatMap((domain) => domain.ranges);
    const nullsAllowed = domains.some((domain) => domain.nullsAllowed);
    return { column, domain: { nullsAllowed, ranges: ordered(ranges, typeOf(column) ?? '') } };
  }
  const negated = /^NOT (.*)$/s.exec(text)?.[1];
  const [whole = '', quoted, plain] = NAME.exec(negated ?? text) ?? [];
  const column = (quoted?.replaceAll('""', '"') ?? plain ?? '').toLowerCase();
  const type = typeOf(column);
  if (type === undefined) return undefined;
  const rest = (negated ?? text).slice(whole.length).trim();
  if (rest === '' && type === 'boolean')
    return { column, domain: { nullsAllowed: false, ranges: [exactly(String(negated === undefined))] } };
  if (negated !== undefined) return undefined;
  if (rest === 'IS NULL') return { column, domain: { nullsAllowed: true, ranges: [] } };
  if (rest === 'IS NOT NULL')
    return { column, domain: { nullsAllowed: false, ranges: [{ low: FROM_LEAST, high: TO_GREATEST }] } };
  const ranges = readComparison(rest, type);
  return ranges && { column, domain: { nullsAllowed: false, ranges: ordered(ranges, type) } };
}

function readComparison(text: string, type: string): readonly ValueRange[] | undefined {
  const list = /^IN \((.*)\)$/s.exec(text)?.[1];
  if (list !== undefined) {
    const values = splitAt(list, ', ').map((one) => readValue(one, type));
    const known = values.filter((value) => value !== undefined);
    return known.length === values.length ? known.map(exactly) : undefined;
  }
  const [, operator, literal = ''] = /^(=|>=|<=|!=|<>|>|<)\s*(.*)$/s.exec(text) ?? [];
  const value = readValue(literal, type);
  if (operator === undefined || value === undefined) return undefined;
  const below: ValueRange = {
    low: FROM_LEAST,
    high: { value, bound: operator === '<=' ? 'EXACTLY' : 'BELOW' },
  };
  const above: ValueRange = {
    low: { value, bound: operator === '>=' ? 'EXACTLY' : 'ABOVE' },
    high: TO_GREATEST,
  };
  if (operator === '=') return [exactly(value)];
  if (operator.startsWith('<') && operator !== '<>') return [below];
  return operator.startsWith('>') ? [above] : [below, above];
}

/** A literal as Trino's CAST to varchar prints it; undefined when the text is no literal. */
function readValue(literal: string, type: string): string | undefined {
  const bare = literal.trim();
  const [whole, text, number] = VALUE.exec(bare) ?? [];
  if (whole !== bare) return undefined;
  const value = text?.replaceAll("''", "'") ?? number ?? '';
  if (type === 'double' || type === 'real') return scientific(Number(value));
  // A time has the digits of its type.
  if (type.startsWith('timestamp'))
    return value.replace(/(?:\.(\d{0,3})\d*)?$/, (_, digits = '') => `.${digits.padEnd(3, '0')}`);
  return value;
}

/** `1.5E0`, as Trino casts a double to varchar. */
function scientific(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`;
}

const isNumeric = (type: string) => /^(?:tinyint|smallint|integer|bigint|real|double|decimal)/.test(type);

/** How two values of a type sort. */
function compare(left: string, right: string, type: string): number {
  // A double has not all digits of the greatest numbers.
  if (type === 'bigint' && /^-?\d+$/.test(left) && /^-?\d+$/.test(right)) {
    const difference = BigInt(left) - BigInt(right);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (isNumeric(type)) return Number(left) - Number(right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Where a low or a high marker lies: its value and whether it lies before (-1), on or after it. */
function compareMarkers(left: Marker, right: Marker, type: string): number {
  const place = { BELOW: -1, EXACTLY: 0, ABOVE: 1 } as const;
  const openLeft = left.value === undefined;
  const openRight = right.value === undefined;
  // An open low marker is ABOVE nothing, an open high one BELOW nothing.
  if (openLeft || openRight) {
    const side = (marker: Marker) => (marker.value !== undefined ? 0 : marker.bound === 'ABOVE' ? -1 : 1);
    return side(left) - side(right);
  }
  return compare(left.value, right.value, type) || place[left.bound] - place[right.bound];
}

/** The ranges in order, with those that overlap united. */
function ordered(ranges: readonly ValueRange[], type: string): ValueRange[] {
  const united: ValueRange[] = [];
  for (const range of ranges.toSorted((a, b) => compareMarkers(a.low, b.low, type))) {
    const last = united.at(-1);
    if (last === undefined || compareMarkers(range.low, last.high, type) > 0) united.push(range);
    else if (compareMarkers(range.high, last.high, type) > 0)
      united[united.length - 1] = { low: last.low, high: range.high };
  }
  return united;
}

/** The values that are in both domains. */
export function intersection(left: Domain, right: Domain, type: string): Domain {
  const ranges = left.ranges.flatMap((one) =>
    right.ranges.flatMap((other) => {
      const low = compareMarkers(one.low, other.low, type) >= 0 ? one.low : other.low;
      const high = compareMarkers(one.high, other.high, type) <= 0 ? one.high : other.high;
      return compareMarkers(low, high, type) <= 0 ? [{ low, high }] : [];
    }),
  );
  return { nullsAllowed: left.nullsAllowed && right.nullsAllowed, ranges: ordered(ranges, type) };
}

/** The domain of a list of values. */
export function domainOf(values: readonly string[], type: string): Domain {
  return { nullsAllowed: false, ranges: ordered([...new Set(values)].map(exactly), type) };
}

/** A condition without parentheses around all of it. */
function unwrapped(condition: string): string {
  const text = condition.trim();
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (const [index, character] of [...masked(text)].entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0 && index < text.length - 1) return text;
  }
  return unwrapped(text.slice(1, -1));
}

/** The text with its quoted parts masked, character by character. */
function masked(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => '_'.repeat(quoted.length));
}

/** Splits a text at a separator outside of quotes and parentheses. */
function splitAt(text: string, separator: string): string[] {
  const parts: string[] = [];
  const plain = masked(text);
  let depth = 0;
  let start = 0;
  for (let index = 0; index < plain.length; index += 1) {
    if (plain[index] === '(') depth += 1;
    if (plain[index] === ')') depth -= 1;
    if (depth > 0 || !plain.startsWith(separator, index)) continue;
    parts.push(text.slice(start, index));
    start = index + separator.length;
    index = start - 1;
  }
  return [...parts, text.slice(start)];
}
