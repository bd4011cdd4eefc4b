import type { StorageDescriptor } from '../../glue/index.ts';
import { statementError } from '../engine/StatementError.ts';

/** The SerDes of text files. https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html */
export const TEXT_SERDES = {
  openCsv: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
  lazySimple: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
  openX: 'org.openx.data.jsonserde.JsonSerDe',
  hiveJson: 'org.apache.hive.hcatalog.data.JsonSerDe',
  regex: 'org.apache.hadoop.hive.serde2.RegexSerDe',
} as const;

/** Other names of the SerDes. */
const ALIASES: Readonly<Record<string, string>> = {
  'com.bizo.hive.serde.csv.CSVSerde': TEXT_SERDES.openCsv,
  'org.apache.hadoop.hive.serde2.JsonSerDe': TEXT_SERDES.hiveJson,
};

/** The members of a storage descriptor that say how the files are read. */
export type TableStorage = Pick<StorageDescriptor, 'InputFormat' | 'OutputFormat' | 'SerdeInfo'>;

/** What every text format has. */
interface Lines {
  /** Lines to skip at the start and the end of each file: `skip.header.line.count`, `skip.footer.line.count`. */
  readonly headerLines: number;
  readonly footerLines: number;
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
        /** Of fields, of items, of keys from values, and of what is nested deeper. */
        readonly separators: readonly string[];
        readonly escapeWith: string | undefined;
        readonly nullText: string;
        readonly lastTakesRest: boolean;
        readonly timestampFormats: string | undefined;
      }
    | {
        readonly serde: 'openx';
        readonly ignoreMalformed: boolean;
        readonly dotsInKeys: boolean;
        readonly ignoreCase: boolean;
        /** The keys of columns whose names differ. */
        readonly keys: ReadonlyMap<string, string>;
        readonly timestampFormats: string | undefined;
      }
    | { readonly serde: 'hiveJson'; readonly timestampFormats: string | undefined }
    | {
        readonly serde: 'regex';
        /** Java's. A table may lack it until it is read. */
        readonly pattern: string | undefined;
        readonly ignoreCase: boolean;
      }
  );

/** LazySimpleSerDe's separators by the depth of nesting. Tab, line breaks and escape are left out. */
const SEPARATORS = [1, 2, 3, 4, 5, 6, 7, 8].map((code) => String.fromCharCode(code));

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
 * files that are not texts.
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
    footerLines: lineCount(properties, 'skip.footer.line.count'),
    nullInvalid: isTrue(properties.get('use.null.for.invalid.data')),
  };
  const timestampFormats = properties.get('timestamp.formats');
  switch (ALIASES[library] ?? library) {
    case TEXT_SERDES.openCsv:
      return { ...lines, ...openCsvFormat(properties) };
    case TEXT_SERDES.lazySimple:
      return { ...lines, ...lazySimpleFormat(properties), timestampFormats };
    case TEXT_SERDES.openX:
      return { ...lines, ...openXFormat(properties), timestampFormats };
    case TEXT_SERDES.regex: {
      const ignoreCase = isTrue(properties.get('input.regex.case.insensitive'));
      return { ...lines, serde: 'regex', pattern: properties.get('input.regex'), ignoreCase };
    }
    default:
      return { ...lines, serde: 'hiveJson', timestampFormats };
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
  const own = [
    properties.get('field.delim') ?? properties.get('serialization.format'),
    // Hive before 3.0 misspells it: https://issues.apache.org/jira/browse/HIVE-16922
    properties.get('collection.delim') ?? properties.get('colelction.delim'),
    properties.get('mapkey.delim'),
  ];
  const separators = SEPARATORS.map((separator, index) => delimiter(own[index], separator));
  const escapeWith = properties.get('escape.delim');
  return {
    serde: 'simple',
    separators,
    escapeWith: escapeWith === undefined ? undefined : delimiter(escapeWith, '\\'),
    nullText: properties.get('serialization.null.format') ?? '\\N',
    lastTakesRest: isTrue(properties.get('serialization.last.column.takes.rest')),
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

function openXFormat(properties: ReadonlyMap<string, string>) {
  const keys = new Map(
    [...properties].flatMap(([name, key]) =>
      name.startsWith('mapping.') ? [[name.slice('mapping.'.length).toLowerCase(), key] as const] : [],
    ),
  );
  return {
    serde: 'openx',
    ignoreMalformed: isTrue(properties.get('ignore.malformed.json')),
    dotsInKeys: isTrue(properties.get('dots.in.keys')),
    ignoreCase: properties.get('case.insensitive')?.toLowerCase() !== 'false',
    keys,
  } as const;
}
