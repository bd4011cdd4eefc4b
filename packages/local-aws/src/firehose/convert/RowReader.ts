import type { SchemaColumn } from '../ports.ts';
import type { Conversion } from '../streamSettings.ts';
import { type ColumnFormat, ConversionError, columnFormat, mismatch, parseError } from './ColumnFormat.ts';
import { jsonMembers } from './jsonMembers.ts';

/** A column of the table with its format. */
export interface FormattedColumn {
  readonly name: string;
  readonly format: ColumnFormat;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads records as rows of one table, like OpenX's JSON SerDe. */
export class RowReader {
  readonly columns: readonly FormattedColumn[];
  readonly #conversion: Conversion;
  /** JSON key, case-folded → number of the column. */
  readonly #columnOfKey = new Map<string, number>();

  private constructor(columns: readonly FormattedColumn[], conversion: Conversion) {
    this.columns = columns;
    this.#conversion = conversion;
    columns.forEach(({ name }, index) => {
      const key = conversion.keyOfColumn.get(name) ?? name;
      this.#columnOfKey.set(conversion.caseInsensitive ? key.toLowerCase() : key, index);
    });
  }

  /** A reader for a table's columns, or the first column whose type isn't supported here. */
  static of(
    columns: readonly SchemaColumn[],
    conversion: Conversion,
  ): RowReader | { readonly unsupported: SchemaColumn } {
    const formatted: FormattedColumn[] = [];
    for (const column of columns) {
      const format = columnFormat(column.type);
      if (format === undefined) return { unsupported: column };
      formatted.push({ name: column.name, format });
    }
    return new RowReader(formatted, conversion);
  }

  /**
   * Converts one record to a line of staged JSON, `{"0":…,"3":…}`: columns by number. Absent and null columns are
   * omitted, and keys without a column are dropped.
   *
   * @throws ConversionError when the record isn't JSON, or a column can't hold its value.
   */
  stage(bytes: Uint8Array): string {
    const text = readObject(bytes);
    const seen = new Set<string>();
    const parts: string[] = [];
    for (const { key, raw } of jsonMembers(text)) {
      const folded = this.#fold(key);
      // https://github.com/awsdocs/amazon-athena-user-guide/pull/46: for OpenX, "URL" beside "Url" is an error.
      if (seen.has(folded)) throw parseError(`Duplicate key ${JSON.stringify(folded)}`);
      seen.add(folded);
      const index = this.#columnOfKey.get(folded);
      if (index === undefined || raw === 'null') continue;
      const staged = this.columns[index]?.format.stage(raw);
      if (staged !== undefined) parts.push(`"${index}":${staged}`);
    }
    return `{${parts.join(',')}}`;
  }

  #fold(key: string): string {
    const { caseInsensitive, dotsToUnderscores } = this.#conversion;
    const name = dotsToUnderscores ? key.replaceAll('.', '_') : key;
    return caseInsensitive ? name.toLowerCase() : name;
  }
}

function readObject(bytes: Uint8Array): string {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    if (text.trim() === '') {
      throw new ConversionError(
        'DataFormatConversion.MalformedData',
        'The record was empty or contained only whitespace.',
      );
    }
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof ConversionError) throw error;
    throw parseError(error instanceof Error ? error.message : '');
  }
  if (Array.isArray(value)) throw mismatch('A JSON object is required.');
  if (typeof value !== 'object' || value === null) {
    throw new ConversionError(
      'DataFormatConversion.MalformedData',
      'The input JSON contained a primitive at the top level. The top level must be an object or array.',
    );
  }
  return text;
}
