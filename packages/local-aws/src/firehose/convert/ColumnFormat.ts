import { mismatch } from './ConversionError.ts';
import { readDecimal, toScale, writeDecimal } from './exactDecimal.ts';
import { compactJson, readString } from './jsonMembers.ts';
import { dateText, timestampMicros } from './timestampMicros.ts';

/** How a column is staged for DuckDB and written by it. */
export interface ColumnFormat {
  /** DuckDB type that the staged value is read as. */
  readonly stagedType: string;
  /** SQL of the written value, given the SQL of the staged one. */
  readonly select: (staged: string) => string;
  /**
   * The staged value, as JSON, of a JSON value that isn't null.
   *
   * @throws ConversionError when the column can't hold it.
   */
  readonly stage: (raw: string) => string;
}

const asItIs = (staged: string) => staged;

/**
 * The format of a Glue type: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
 *
 * Values are coerced as OpenX's SerDe does: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
 *
 * @returns undefined for a type that isn't converted here (struct, map, array, binary, char and the like).
 */
export function columnFormat(glueType: string): ColumnFormat | undefined {
  const type = glueType.trim().toLowerCase();
  const decimal = /^decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/.exec(type);
  if (decimal !== null) return decimalFormat(Number(decimal[1]), Number(decimal[2]));
  if (type === 'decimal') return decimalFormat(10, 0);
  return FORMATS.get(type);
}

const FORMATS: ReadonlyMap<string, ColumnFormat> = new Map([
  ['string', { stagedType: 'VARCHAR', select: asItIs, stage: stageText }],
  ['boolean', { stagedType: 'BOOLEAN', select: asItIs, stage: stageBoolean }],
  ['tinyint', integer('TINYINT', 8)],
  ['smallint', integer('SMALLINT', 16)],
  ['int', integer('INTEGER', 32)],
  ['integer', integer('INTEGER', 32)],
  ['bigint', integer('BIGINT', 64)],
  ['float', floating('FLOAT')],
  ['double', floating('DOUBLE')],
  ['date', { stagedType: 'DATE', select: asItIs, stage: stageDate }],
  [
    'timestamp',
    // Plain TIMESTAMP, which is written as INT64 microseconds without a zone: every reader gets those right.
    { stagedType: 'BIGINT', select: (staged: string) => `make_timestamp(${staged})`, stage: stageTimestamp },
  ],
]);

/** Text of a scalar, as written; a string's is what it stands for. Objects and arrays are no scalars. */
function scalarText(raw: string): string {
  if (raw.startsWith('{') || raw.startsWith('[')) {
    throw mismatch(`A JSON ${raw.startsWith('{') ? 'object' : 'array'} does not fit the column.`);
  }
  return raw.startsWith('"') ? readString(raw) : raw;
}

/** Java's words for a text that is no number, which AWS passes on. */
const badInput = (text: string) => mismatch(`For input string: ${JSON.stringify(text)}`);
const outOfRange = (text: string, type: string) =>
  mismatch(`Value ${text} is out of range for type ${type}.`);

function stageText(raw: string): string {
  if (!raw.startsWith('"')) return JSON.stringify(compactJson(raw));
  // Half a surrogate pair is valid JSON but no text: DuckDB would refuse the whole file.
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
    select: asItIs,
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
    select: asItIs,
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

/** Staged as text: as a JSON number it would pass through a double. */
function decimalFormat(precision: number, scale: number): ColumnFormat | undefined {
  if (precision < 1 || precision > 38 || scale > precision) return undefined;
  const stagedType = `DECIMAL(${precision},${scale})`;
  return {
    stagedType,
    select: asItIs,
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
