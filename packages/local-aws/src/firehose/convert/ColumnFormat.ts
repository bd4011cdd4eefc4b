import { compactJson, readString } from './jsonMembers.ts';

/** A record that can't be converted to a row, with Firehose's own code. Never thrown outside the conversion. */
export class ConversionError extends Error {
  readonly code: 'DataFormatConversion.ParseError' | 'DataFormatConversion.MalformedData';

  constructor(code: ConversionError['code'], message: string) {
    super(message);
    this.name = 'ConversionError';
    this.code = code;
  }
}

/** A value that its column can't hold. AWS's messages begin the same way. */
export function mismatch(detail: string): ConversionError {
  return new ConversionError(
    'DataFormatConversion.MalformedData',
    `Data does not match the schema. ${detail}`,
  );
}

/** Text that isn't JSON. */
export function parseError(detail: string): ConversionError {
  return new ConversionError('DataFormatConversion.ParseError', `Encountered malformed JSON. ${detail}`);
}

/** A number as written: `unscaled` × 10^-`scale`. */
export interface ExactDecimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** No column holds larger exponents: they are capped here, so that no input requests a number with a billion digits. */
const LARGEST_EXPONENT = 1000;
/** Maximum number of digits: arithmetic on a megabyte of them would take seconds. */
const LONGEST_TEXT = 1100;

/** Reads a JSON number, also from a string; undefined if it is not a number. */
function readDecimal(text: string): ExactDecimal | undefined {
  const match = text.length > LONGEST_TEXT ? null : NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const magnitude = BigInt(`${whole}${fraction}`);
  const exponent = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, Number(exponentText)));
  return { unscaled: sign === '-' ? -magnitude : magnitude, scale: fraction.length - exponent };
}

/** The number × 10^`scale` as an integer, halves rounded away from zero like Java's HALF_UP. */
function toScale(decimal: ExactDecimal, scale: number): bigint {
  const shift = scale - decimal.scale;
  if (shift >= 0) return decimal.unscaled * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const half = decimal.unscaled < 0n ? -divisor / 2n : divisor / 2n;
  return (decimal.unscaled + half) / divisor;
}

/** Writes `unscaled` × 10^-`scale` without an exponent. */
function writeDecimal(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}

/** AWS reads the form with a space leniently, down to single digits, and the form with `T` strictly (observed). */
const LENIENT = /^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$/;
const STRICT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z?$/;
const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
/** Numbers from here on are milliseconds, smaller ones seconds (observed). */
const MILLISECONDS_FROM = 10n ** 12n;

/**
 * Reads a timestamp's text, or the digits of a number, as UTC.
 *
 * A number beyond 64 bits of nanoseconds wraps around, as on AWS: 999999999999 s is in 2092.
 *
 * @returns microseconds since 1970; undefined if the text is not a timestamp.
 */
function timestampMicros(text: string): bigint | undefined {
  const match = STRICT.exec(text) ?? LENIENT.exec(text);
  if (match !== null) {
    const [, year, month, day, hour, minute, second, fraction = ''] = match;
    const dayMs = dayStart(Number(year), Number(month), Number(day));
    const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
    if (dayMs === undefined || hours > 23 || minutes > 59 || seconds > 59) return undefined;
    const micros = BigInt(fraction.slice(0, 6).padEnd(6, '0'));
    return BigInt(dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000) * 1000n + micros;
  }
  const epoch = readDecimal(text.trim());
  if (epoch === undefined) return undefined;
  const whole = toScale(epoch, 0);
  const inMilliseconds = (whole < 0n ? -whole : whole) >= MILLISECONDS_FROM;
  const nanos = BigInt.asIntN(64, toScale(epoch, inMilliseconds ? 6 : 9));
  return nanos / 1000n;
}

/** Reads a date's text, also `2026-9-7`, as `YYYY-MM-DD`; undefined if the day doesn't exist. */
function dateText(text: string): string | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const dayMs = dayStart(Number(match[1]), Number(match[2]), Number(match[3]));
  return dayMs === undefined ? undefined : new Date(dayMs).toISOString().slice(0, 10);
}

/** Epoch ms of a day's start; undefined if the day doesn't exist. */
function dayStart(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? date.getTime()
    : undefined;
}

/** How values of a column are staged for DuckDB and how DuckDB writes them. */
export interface ColumnFormat {
  /** DuckDB type of the staged value. */
  readonly stagedType: string;
  /** SQL of the written value, given the SQL of the staged one. */
  readonly select: (staged: string) => string;
  /**
   * Converts a non-null JSON value to the staged value, as JSON.
   *
   * @throws ConversionError when the column can't hold it.
   */
  readonly stage: (raw: string) => string;
}

const passThrough = (staged: string) => staged;

/**
 * The format of a Glue type: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
 *
 * Values are converted as by OpenX's SerDe: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
 *
 * @returns undefined for a type that isn't supported here (struct, map, array, binary, char and similar types).
 */
export function columnFormat(glueType: string): ColumnFormat | undefined {
  const type = glueType.trim().toLowerCase();
  const decimal = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/.exec(type);
  if (decimal !== null) return decimalFormat(Number(decimal[1]), Number(decimal[2]));
  if (type === 'decimal') return decimalFormat(10, 0);
  return FORMATS.get(type);
}

const FORMATS: ReadonlyMap<string, ColumnFormat> = new Map([
  ['string', { stagedType: 'VARCHAR', select: passThrough, stage: stageText }],
  ['boolean', { stagedType: 'BOOLEAN', select: passThrough, stage: stageBoolean }],
  ['tinyint', integer('TINYINT', 8)],
  ['smallint', integer('SMALLINT', 16)],
  ['int', integer('INTEGER', 32)],
  ['integer', integer('INTEGER', 32)],
  ['bigint', integer('BIGINT', 64)],
  ['float', floating('FLOAT')],
  ['double', floating('DOUBLE')],
  ['date', { stagedType: 'DATE', select: passThrough, stage: stageDate }],
  [
    'timestamp',
    // Plain TIMESTAMP is written as INT64 microseconds without a zone, which every reader reads correctly.
    { stagedType: 'BIGINT', select: (staged: string) => `make_timestamp(${staged})`, stage: stageTimestamp },
  ],
]);

/** Text of a scalar, as written; a string is decoded. Objects and arrays are not scalars. */
function scalarText(raw: string): string {
  if (raw.startsWith('{') || raw.startsWith('[')) {
    throw mismatch(`A JSON ${raw.startsWith('{') ? 'object' : 'array'} does not fit the column.`);
  }
  return raw.startsWith('"') ? readString(raw) : raw;
}

/** Java's message for a text that is not a number, which AWS returns. */
const badInput = (text: string) => mismatch(`For input string: ${JSON.stringify(text)}`);
const outOfRange = (text: string, type: string) =>
  mismatch(`Value ${text} is out of range for type ${type}.`);

function stageText(raw: string): string {
  if (!raw.startsWith('"')) return JSON.stringify(compactJson(raw));
  // Half a surrogate pair is valid JSON but not valid text: DuckDB would refuse the whole file.
  return raw.includes('\\u') ? JSON.stringify(readString(raw)) : raw;
}

function stageBoolean(raw: string): string {
  const text = scalarText(raw).toLowerCase();
  if (text !== 'true' && text !== 'false') throw badInput(text);
  return text;
}

function integer(stagedType: string, bits: number): ColumnFormat {
  return {
    stagedType,
    select: passThrough,
    stage(raw) {
      const text = scalarText(raw).trim();
      if (!/^[+-]?\d+$/.test(text)) throw badInput(text);
      if (text.length > 40) throw outOfRange(text, stagedType);
      const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
      if (BigInt.asIntN(bits, value) !== value) throw outOfRange(text, stagedType);
      return String(value);
    },
  };
}

function floating(stagedType: 'FLOAT' | 'DOUBLE'): ColumnFormat {
  return {
    stagedType,
    select: passThrough,
    stage(raw) {
      const text = scalarText(raw).trim();
      if (readDecimal(text) === undefined) throw badInput(text);
      const value = Number(text);
      if (!Number.isFinite(stagedType === 'FLOAT' ? Math.fround(value) : value)) {
        throw outOfRange(text, stagedType);
      }
      return JSON.stringify(value);
    },
  };
}

/** Staged as text, because a JSON number would be converted to a double. */
function decimalFormat(precision: number, scale: number): ColumnFormat | undefined {
  if (precision < 1 || precision > 38 || scale > precision) return undefined;
  const stagedType = `DECIMAL(${precision},${scale})`;
  return {
    stagedType,
    select: passThrough,
    stage(raw) {
      const text = scalarText(raw).trim();
      const decimal = readDecimal(text);
      if (decimal === undefined) throw badInput(text);
      const unscaled = toScale(decimal, scale);
      if ((unscaled < 0n ? -unscaled : unscaled) >= 10n ** BigInt(precision)) {
        throw outOfRange(text, stagedType);
      }
      return JSON.stringify(writeDecimal(unscaled, scale));
    },
  };
}

function stageDate(raw: string): string {
  const text = scalarText(raw);
  const date = dateText(text);
  if (date === undefined) throw badInput(text);
  return JSON.stringify(date);
}

function stageTimestamp(raw: string): string {
  const text = scalarText(raw);
  const micros = timestampMicros(text);
  if (micros === undefined) throw badInput(text);
  return String(micros);
}
