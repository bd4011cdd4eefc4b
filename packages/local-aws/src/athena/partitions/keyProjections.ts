import { notEmulated, statementError } from '../engine/StatementError.ts';
import { STATEMENT_LIMITS } from '../engine/StatementRunner.ts';
import type { SessionColumn } from '../engine/tableSql.ts';
import type { Domain, ValueRange } from '../explain/domains.ts';
import { type DatePattern, plusUnits, readDatePattern, type TimeUnit, UNIT_MS } from './datePattern.ts';

/** How the values of a partition key are computed. */
export interface KeyProjection {
  /**
   * The values, each once, as Hive writes values of the key's type: all that are in the domain, and maybe others.
   *
   * @param domain What the query's conditions leave; undefined when they don't tell.
   * @throws StatementError for more values than can be enumerated, and for a query that has to name them.
   */
  readonly values: (domain: Domain | undefined) => readonly string[];
  /** A value as it is in locations. @throws StatementError for a value that is not projected there. */
  readonly inLocation: (value: string) => string;
}

/** A property of a key's projection, by its last words: `type`, `interval.unit`. */
type Property = (name: string) => string | undefined;

/**
 * Reads the projection of a partition key.
 * https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
 *
 * @param now What `NOW` stands for, in epoch milliseconds.
 * @throws StatementError INVALID_TABLE_PROPERTY
 */
export function readKeyProjection(column: SessionColumn, property: Property, now: number): KeyProjection {
  const type = property('type')?.trim().toLowerCase();
  switch (type) {
    case 'enum':
      return enumKey(column, property);
    case 'integer':
      return integerKey(column, property);
    case 'date':
      return dateKey(column, property, now);
    case 'injected':
      return injectedKey(column);
    default:
      throw invalid(column, `Property: 'projection.${column.name}.type' value '${type}' is invalid`);
  }
}

/** Trino's InvalidProjectionException, in Athena's category. */
function invalid({ name }: SessionColumn, why: string) {
  return statementError('INVALID_TABLE_PROPERTY', `Column projection for column '${name}' failed. ${why}`);
}

function required(column: SessionColumn, property: Property, name: string): string {
  const value = property(name);
  if (value === undefined)
    throw invalid(column, `Missing required property: 'projection.${column.name}.${name}'`);
  return value;
}

/** The two ends of a range. White space around them is kept. */
function rangeOf(column: SessionColumn, property: Property): readonly [string, string] {
  const [first, last, ...more] = required(column, property, 'range').split(',');
  if (first === undefined || last === undefined || more.length > 0)
    throw invalid(column, `Property: 'projection.${column.name}.range' needs to be a list of 2 values`);
  return [first, last];
}

/** A positive whole number. */
function positive(column: SessionColumn, name: string, text: string): number {
  const value = Number(text.trim());
  if (!/^\s*\+?\d+\s*$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw invalid(column, `Property: 'projection.${column.name}.${name}' value '${text}' is invalid`);
  return value;
}

function enumKey(column: SessionColumn, property: Property): KeyProjection {
  const values = [...new Set(required(column, property, 'values').split(','))];
  return { values: () => values, inLocation: (value) => value };
}

function integerKey(column: SessionColumn, property: Property): KeyProjection {
  const [first, last] = rangeOf(column, property).map((text) => {
    if (!/^\s*[+-]?\d+\s*$/.test(text))
      throw invalid(column, `Property: 'projection.${column.name}.range' needs to be a list of 2 integers`);
    const value = BigInt(text.trim().replace(/^\+/, ''));
    if (BigInt.asIntN(64, value) !== value)
      throw invalid(
        column,
        `Property: 'projection.${column.name}.range' has a value beyond 64 bits: ${text.trim()}`,
      );
    return value;
  }) as [bigint, bigint];
  const step = BigInt(positive(column, 'interval', property('interval') ?? '1'));
  const width = property('digits');
  const digits = width === undefined ? undefined : positive(column, 'digits', width);
  // Java's format('%03d') of -5 is -05.
  const print = (value: bigint) => {
    const text = String(value < 0n ? -value : value);
    return value < 0n ? `-${text.padStart((digits ?? 1) - 1, '0')}` : text.padStart(digits ?? 1, '0');
  };
  const isText = isTextType(column);
  return {
    values: (domain) => {
      const ranges =
        domain && toRanges(domain, (text) => (/^-?\d+$/.test(text) ? BigInt(text) : undefined), isText);
      return stepped(column, { first, last, step, ranges }).map(print);
    },
    inLocation: (value) => {
      if (digits !== undefined && /^-?\d+$/.test(value) && print(BigInt(value)) !== value)
        throw notEmulated(
          `Writing the value ${value} of the partition key ${column.name}, projected with ${digits} digits,`,
        );
      return value;
    },
  };
}

const DAY = 86_400_000n;
const NOW = /^\s*NOW\s*(?:([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?\s*)?$/;

function dateKey(column: SessionColumn, property: Property, now: number): KeyProjection {
  const format = required(column, property, 'format');
  const pattern = readDatePattern(format);
  const [first, last] = rangeOf(column, property).map((text) => {
    const [found, sign, count, unit] = NOW.exec(text) ?? [];
    // A time between two values is the one before: all that the format does not say is left out.
    const time =
      found === undefined
        ? pattern.parse(text)
        : pattern.parse(
            pattern.format(
              count === undefined ? now : plusUnits(now, Number(`${sign}${count}`), `${unit}S` as TimeUnit),
            ),
          );
    if (time === undefined)
      throw invalid(
        column,
        `Property: 'projection.${column.name}.range' needs to be a list of 2 valid dates formatted as '${format}' or '${NOW.source}' that are sequential`,
      );
    return time;
  }) as [number, number];
  if (first > last)
    throw invalid(
      column,
      `Property: 'projection.${column.name}.range' needs to be a list of 2 valid dates formatted as '${format}' or '${NOW.source}' that are sequential`,
    );
  const { interval, unit } = intervalOf(column, property, pattern);
  const kind = /^(?:date|timestamp)/.exec(column.trino)?.[0];
  const print = (time: number) => (kind === undefined ? pattern.format(time) : printHive(time, kind));
  const parse = kind === undefined ? pattern.parse : parseHive;
  const ms = UNIT_MS[unit];
  return {
    values: (domain) => {
      if (ms !== undefined) {
        const toTime = (text: string) => {
          const time = parse(text);
          return time === undefined ? undefined : BigInt(time);
        };
        const step = interval * ms;
        // A value that stands for several times must not narrow them to the first.
        const isWhole =
          kind !== undefined || step % (UNIT_MS[pattern.unit] ?? Number.POSITIVE_INFINITY) === 0;
        const ranges = isWhole
          ? domain && toRanges(domain, toTime, kind === undefined, kind === 'date' ? DAY - 1n : 0n)
          : undefined;
        const all = stepped(column, { first: BigInt(first), last: BigInt(last), step: BigInt(step), ranges });
        return distinct(all.map((time) => print(Number(time))));
      }
      const times: number[] = [];
      for (let time = first; time <= last; time = plusUnits(time, interval, unit)) {
        if (times.length === STATEMENT_LIMITS.projectedPartitions) throw tooMany(column);
        times.push(time);
      }
      return distinct(times.map(print));
    },
    inLocation: (value) => {
      const time = kind === undefined ? undefined : parseHive(value);
      return time === undefined ? value : pattern.format(time);
    },
  };
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

const UNIT_NAMES: readonly string[] = ['YEARS', 'MONTHS', ...Object.keys(UNIT_MS)];

function intervalOf(
  column: SessionColumn,
  property: Property,
  { unit }: DatePattern,
): { readonly interval: number; readonly unit: TimeUnit } {
  const given = property('interval.unit')?.trim().toUpperCase();
  if (given !== undefined && !UNIT_NAMES.includes(given))
    throw invalid(
      column,
      `Property: 'projection.${column.name}.interval.unit' value '${given}' is invalid. Available options: [${UNIT_NAMES.join(', ')}]`,
    );
  const interval = property('interval');
  const isOptional = unit === 'DAYS' || unit === 'MONTHS';
  if (!isOptional && given === undefined)
    throw invalid(
      column,
      `Property: 'projection.${column.name}.interval.unit' needs to be set when provided 'projection.${column.name}.format' is less than single-day precision. Interval defaults to 1 day or 1 month, respectively. Otherwise, interval is required`,
    );
  return {
    interval: positive(column, 'interval', interval ?? '1'),
    unit: (given as TimeUnit | undefined) ?? unit,
  };
}

function injectedKey(column: SessionColumn): KeyProjection {
  if (!/^(?:varchar|char|tinyint|smallint|integer|bigint|date)/.test(column.trino))
    throw notEmulated(`The injected partition key ${column.name} of type ${column.trino}`);
  return {
    values: (domain) => {
      const values = domain?.ranges.flatMap((range) => exactValues(range, column));
      if (
        domain === undefined ||
        domain.nullsAllowed ||
        values?.some((value) => value === undefined) !== false
      )
        // https://docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html
        throw statementError(
          'CONSTRAINT_VIOLATION',
          `For the injected projected partition column ${column.name}, the WHERE clause must contain only static equality conditions, and at least one such condition must be present.`,
        );
      return values.filter((value) => value !== undefined);
    },
    inLocation: (value) => value,
  };
}

/** Values of a list that are next to each other, which DuckDB makes a range of. */
const MOST_NEIGHBOURS = 1_000n;

function exactValue({ low, high }: ValueRange): string | undefined {
  return low.bound === 'EXACTLY' && low.value === high.value ? low.value : undefined;
}

/** The values of a range. With undefined among them it has others. */
function exactValues(range: ValueRange, { trino }: SessionColumn): (string | undefined)[] {
  const { low, high } = range;
  if (low.bound !== 'EXACTLY' || high.bound !== 'EXACTLY') return [undefined];
  if (low.value === high.value) return [exactValue(range)];
  const whole = /^-?\d+$/;
  if (!/int/.test(trino) || !whole.test(low.value ?? '') || !whole.test(high.value ?? '')) return [undefined];
  const first = BigInt(low.value ?? '');
  const count = BigInt(high.value ?? '') - first + 1n;
  if (count > MOST_NEIGHBOURS) return [undefined];
  return Array.from({ length: Number(count) }, (_, index) => String(first + BigInt(index)));
}

function isTextType({ trino }: SessionColumn): boolean {
  return /^(?:varchar|char)/.test(trino);
}

interface Range {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/**
 * The ranges of a domain as numbers.
 *
 * @param parse A value as a number; undefined for one that is not projected.
 * @param isText Whether values sort as texts: then only single values tell.
 * @param span What one value has beyond its first number, as a date has the times of its day.
 * @returns undefined when they don't narrow the values.
 */
function toRanges(
  { ranges }: Domain,
  parse: (text: string) => bigint | undefined,
  isText: boolean,
  span = 0n,
): readonly Range[] | undefined {
  if (isText && ranges.some((range) => exactValue(range) === undefined)) return undefined;
  const end = (text: string | undefined) => (text === undefined ? undefined : parse(text));
  return ranges.flatMap((range) => {
    const exact = exactValue(range);
    const [from, to] = [end(range.low.value), end(range.high.value)];
    if (exact !== undefined && from === undefined) return [];
    return [{ from, to: to === undefined ? undefined : to + span }];
  });
}

/** The numbers from the first to the last that are in one of the ranges. */
function stepped(
  column: SessionColumn,
  within: {
    readonly first: bigint;
    readonly last: bigint;
    readonly step: bigint;
    readonly ranges: readonly Range[] | undefined;
  },
): readonly bigint[] {
  const { first, last, step, ranges = [{ from: undefined, to: undefined }] } = within;
  const found = new Set<bigint>();
  for (const { from = first, to = last } of ranges) {
    const low = from <= first ? first : first + ((from - first + step - 1n) / step) * step;
    let high = last;
    if (to < last) high = to;
    if (high >= low && (high - low) / step >= STATEMENT_LIMITS.projectedPartitions) throw tooMany(column);
    for (let value = low; value <= high; value += step) found.add(value);
    if (found.size > STATEMENT_LIMITS.projectedPartitions) throw tooMany(column);
  }
  return [...found];
}

function tooMany({ name }: SessionColumn) {
  return notEmulated(
    `A projection of more than ${STATEMENT_LIMITS.projectedPartitions} values of the partition key ${name} that the conditions leave`,
  );
}

/** A date or a time as Hive names partitions by it. */
function printHive(time: number, kind: string): string {
  const text = new Date(time).toISOString();
  if (kind === 'date') return text.slice(0, 10);
  return text.replace('T', ' ').replace(/(?:\.000)?Z$/, '');
}

/** A date or a time as Hive and Trino write it. */
function parseHive(text: string): number | undefined {
  const [, date, clock = '00:00:00', fraction = ''] =
    /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?)?$/.exec(text) ?? [];
  if (date === undefined) return undefined;
  const time = Date.parse(`${date}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  return Number.isNaN(time) ? undefined : time;
}
