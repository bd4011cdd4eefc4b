import type { StorageDescriptor } from '../../glue/index.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';

/** The SerDes of text files. https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html */
export const TEXT_SERDES = {
  openCsv: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
  lazySimple: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
  openX: 'org.openx.data.jsonserde.JsonSerDe',
} as const;

/** Other names of the SerDes. */
const ALIASES: Readonly<Record<string, string>> = {
  'com.bizo.hive.serde.csv.CSVSerde': TEXT_SERDES.openCsv,
};

/** The members of a storage descriptor that say how the files are read. */
export type TableStorage = Pick<StorageDescriptor, 'InputFormat' | 'OutputFormat' | 'SerdeInfo'>;

/** Members of every text format. */
interface Lines {
  /** Lines to skip at the start of each file: `skip.header.line.count`. */
  readonly headerLines: number;
  /** Whether a value that is not of its column's type is null: `use.null.for.invalid.data`. */
  readonly nullInvalid: boolean;
}

/** How a table's text files are read and written. */
export type TextFormat = Lines &
  (
    | {
        readonly serde: 'csv';
        readonly separator: string;
        readonly quote: string;
        readonly escapeWith: string;
      }
    | {
        readonly serde: 'simple';
        readonly separator: string;
        readonly escapeWith: string | undefined;
        readonly nullText: string;
      }
    | {
        readonly serde: 'openx';
        readonly ignoreMalformed: boolean;
      }
  );

/** Properties that change what is read, and are not emulated, with their values that change nothing. */
const REFUSED: readonly (readonly [name: RegExp, without: RegExp])[] = [
  [/^(?:timestamp\.formats|serialization\.last\.column\.takes\.rest)$/, /^$/],
  [/^skip\.footer\.line\.count$/, /^0*$/],
  [/^mapping\./, /^$/],
  [/^dots\.in\.keys$/, /^(?!true$)/i],
  [/^case\.insensitive$/, /^(?!false$)/i],
];

/** Whether a SerDe is one of text files that is emulated. */
export function isTextSerde(library: string): boolean {
  return Object.values<string>(TEXT_SERDES).includes(ALIASES[library] ?? library);
}

/**
 * The text format of a storage descriptor.
 *
 * @param parameters The table's parameters, which have the counts of lines to skip.
 * @returns undefined for a SerDe that is not one of text files.
 * @throws StatementError HIVE_INVALID_METADATA for properties that contradict themselves; HIVE_UNSUPPORTED_FORMAT for
 * files that are not texts; NOT_SUPPORTED for properties that are not emulated.
 */
export function textFormatOf(
  { InputFormat = '', SerdeInfo }: StorageDescriptor,
  parameters: Readonly<Record<string, string>> = {},
): TextFormat | undefined {
  const library = SerdeInfo?.SerializationLibrary ?? '';
  if (!isTextSerde(library)) return undefined;
  if (!/TextInputFormat$/.test(InputFormat))
    throw statementError('HIVE_UNSUPPORTED_FORMAT', `Unable to create input format ${InputFormat}`);
  // As Hive merges them: a property of the SerDe comes before one of the table.
  const properties = new Map(Object.entries({ ...parameters, ...SerdeInfo?.Parameters }));
  const lines: Lines = {
    headerLines: lineCount(properties, 'skip.header.line.count'),
    nullInvalid: isTrue(properties.get('use.null.for.invalid.data')),
  };
  for (const [property, value] of properties)
    if (REFUSED.some(([name, without]) => name.test(property) && !without.test(value)))
      throw notEmulated(`The property ${property}`);
  switch (ALIASES[library] ?? library) {
    case TEXT_SERDES.openCsv:
      return { ...lines, ...openCsvFormat(properties) };
    case TEXT_SERDES.lazySimple:
      return { ...lines, ...lazySimpleFormat(properties) };
    default:
      return { ...lines, serde: 'openx', ignoreMalformed: isTrue(properties.get('ignore.malformed.json')) };
  }
}

function lineCount(properties: ReadonlyMap<string, string>, name: string): number {
  const text = properties.get(name) ?? '0';
  if (/^\d{1,9}$/.test(text.trim())) return Number(text);
  throw statementError('HIVE_INVALID_METADATA', `Invalid value for ${name} property: ${text}`);
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}

function openCsvFormat(properties: ReadonlyMap<string, string>) {
  const character = (name: string, otherwise: string) => {
    const value = properties.get(name) ?? otherwise;
    if (value === '') throw statementError('HIVE_INVALID_METADATA', `The property ${name} is empty`);
    return value.charAt(0);
  };
  const separator = character('separatorChar', ',');
  const quote = character('quoteChar', '"');
  const escapeWith = character('escapeChar', '\\');
  if (separator === quote || separator === escapeWith || (quote === escapeWith && quote !== '\0')) {
    throw statementError(
      'HIVE_INVALID_METADATA',
      'The separator, quote, and escape characters must be different!',
    );
  }
  return { serde: 'csv', separator, quote, escapeWith } as const;
}

function lazySimpleFormat(properties: ReadonlyMap<string, string>) {
  const escapeWith = properties.get('escape.delim');
  return {
    serde: 'simple',
    separator: delimiter(properties.get('field.delim') ?? properties.get('serialization.format'), '\u0001'),
    escapeWith: escapeWith === undefined ? undefined : delimiter(escapeWith, '\\'),
    nullText: properties.get('serialization.null.format') ?? '\\N',
  } as const;
}

/** A character, or its code as a number. */
function delimiter(text: string | undefined, otherwise: string): string {
  if (text === undefined || text === '') return otherwise;
  const code = /^[+-]?\d{1,3}$/.test(text) ? Number(text) : text.charCodeAt(0);
  // A number beyond a byte is not a code, so its first character counts.
  const own = code > 127 || code < -128 ? text.charCodeAt(0) : code;
  if (own < 0 || own > 127)
    throw statementError('HIVE_INVALID_METADATA', `The delimiter ${text} is not a character of ASCII`);
  return String.fromCharCode(own);
}
