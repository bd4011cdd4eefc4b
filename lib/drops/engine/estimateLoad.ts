import type { EngineLimits } from '../../duckdb/DuckDbSession.ts';
import type { DeclaredColumn, Field } from '../../schema/mappings.ts';
import type { MappingSubject } from '../mapping/compileMapping.ts';
import { duckDbDialect } from '../mapping/duckDbDialect.ts';
import { findColumn } from '../mapping/findColumn.ts';
import type { FileColumn, FileSchema } from './Engine.ts';

/** Disk space that a load of files takes, in bytes. */
export interface LoadEstimate {
  readonly rows: number;
  /** The files themselves. */
  readonly inputBytes: number;
  /** DuckDB's temporary files: sorted rows that do not fit its memory. Zero if all do. */
  readonly spillBytes: number;
  /** The version's files. */
  readonly outputBytes: number;
  /** The most that is on the disk at one time. It is less than the sum, as rows leave the temporary files while they are written. */
  readonly diskBytes: number;
}

/**
 * Estimates what a load takes of the disk, from the footers of its files and the mapping. No row is read: the files may
 * be sparse copies that hold only their footers.
 *
 * It was measured with drops of 1 to 20 million rows of several kinds: `npm run bench -- ingest --full`, `estimate`. Refused
 * rows count as accepted ones. What is unknown of a column counts as nothing: files without any row group have no sizes.
 *
 * @param schemas The files, as {@link Engine.describe} returns them.
 * @param limits The memory that DuckDB may use, MiB.
 */
export function estimateLoad(
  subject: MappingSubject,
  schemas: readonly FileSchema[],
  { memoryMegabytes }: Pick<EngineLimits, 'memoryMegabytes'>,
): LoadEstimate {
  const sizes = new Map<FileSchema['leafSizes'], RowSize>();
  let [rows, inputBytes, sortedBytes, outputBytes] = [0, 0, 0, 0];
  for (const schema of schemas) {
    const size = sizes.get(schema.leafSizes) ?? rowSize(subject, schema);
    sizes.set(schema.leafSizes, size);
    rows += schema.rows;
    inputBytes += schema.bytes;
    sortedBytes += schema.rows * size.sorted;
    outputBytes += schema.rows * size.written;
  }
  const isSorted = subject.dataset.kind !== 'table' || subject.dataset.mapping.sortBy !== undefined;
  const held = memoryMegabytes * 2 ** 20 * MEMORY_SHARE;
  const spillBytes = isSorted ? Math.max(0, sortedBytes - held) * SPILL_RATIO : 0;
  const taken = Math.max(outputBytes, spillBytes + WRITTEN_BEFORE * outputBytes);
  return { rows, inputBytes, spillBytes, outputBytes, diskBytes: inputBytes + taken };
}

/** Share of DuckDB's memory that holds sorted rows. The rest is for reading and writing. */
const MEMORY_SHARE = 0.62;
/** Bytes of a temporary file for a byte of rows. DuckDB compresses them, in blocks of which it keeps the sizes that are multiples of 32 KiB. */
const SPILL_RATIO = 0.63;
/** Share of the output that is written before temporary files shrink by as much. */
const WRITTEN_BEFORE = 0.8;

/** Bytes of a row, while it is sorted and in the version's files. */
interface RowSize {
  readonly sorted: number;
  readonly written: number;
}

/** Bytes of the sort key, of its pointer to the row, and of the flags of nulls. */
const KEY_BYTES = 18;
/** A text in a sorted row, besides its characters. Short texts are inside of it: https://duckdb.org/2024/10/30/analytics-optimizations-in-duckdb */
const TEXT_BYTES = 16;
const SHORT_TEXT = 12;
/** Any other value: a number, a time. */
const VALUE_BYTES = 8;
/** The number of the file, and the row in it. */
const ORIGIN_BYTES = 16;
/** The same in the version's files. Rows of a file are apart after they are sorted, so that their numbers compress little. */
const WRITTEN_ORIGIN_BYTES = 4;

/** Characters of what is in no footer: the value of a folder. */
const FOLDER_CHARACTERS = 10;
/** A member of a JSON object besides key and value: quotes, colon and comma. */
const MEMBER_CHARACTERS = 4;
const QUOTES = 2;
/** Bytes of a file for a character of a member, besides the value's own: a column compresses better than members of objects. */
const MEMBER_RATIO = 0.08;

function rowSize(subject: MappingSubject, schema: FileSchema): RowSize {
  const row = new SizedRow(schema);
  const { dataset } = subject;
  switch (dataset.kind) {
    case 'events': {
      const { timestamp, eventName, eventValue, unitIds, metadata, metadataJson } = dataset.mapping;
      row.addValue(timestamp);
      row.addText(eventName);
      if (eventValue !== undefined) row.addText(eventValue);
      const columns = Object.keys(subject.unitIds);
      for (const [type, field] of Object.entries(unitIds)) {
        if (columns.includes(type) || type.replaceAll('_', '').toLowerCase() === 'userid') row.addText(field);
      }
      row.addObject(unitIds);
      row.addObject(metadata, metadataJson);
      break;
    }
    case 'exposures': {
      const { timestamp, experiment, group, unitId, unitType, metadata, metadataJson } = dataset.mapping;
      row.addValue(timestamp);
      for (const field of [experiment, group, unitId, unitType]) row.addText(field);
      row.addObject(metadata, metadataJson);
      break;
    }
    case 'metrics': {
      const { unitId, idType, date, metricName, metricValue, numerator, denominator } = dataset.mapping;
      for (const field of [unitId, idType, metricName]) row.addText(field);
      const ratio = numerator === undefined ? { column: 'metric_value', optional: true } : undefined;
      for (const field of [date, metricValue ?? ratio, numerator, denominator]) row.addValue(field);
      break;
    }
    case 'properties': {
      const { unitId, idType, date, properties } = dataset.mapping;
      for (const field of [unitId, idType]) row.addText(field);
      row.addValue(date);
      row.addDeclared(properties);
      break;
    }
    case 'table':
      row.addDeclared(dataset.mapping.columns);
      break;
  }
  return row;
}

type FieldSource = Field | { readonly column: string } | { readonly folder: string };

/** Adds up the sizes of a row's values. */
class SizedRow implements RowSize {
  sorted = KEY_BYTES + ORIGIN_BYTES;
  written = WRITTEN_ORIGIN_BYTES;
  readonly #schema: FileSchema;

  constructor(schema: FileSchema) {
    this.#schema = schema;
  }

  /** Adds a value of a fixed size: a time or a number. */
  addValue(place: FieldSource | undefined): void {
    this.sorted += VALUE_BYTES;
    if (place !== undefined) this.written += this.#sizeOf(place).written;
  }

  /** Adds a text. */
  addText(place: FieldSource): void {
    const { characters, written } = this.#sizeOf(place);
    this.#addCharacters(characters);
    this.written += written;
  }

  /** Adds a JSON object of members, and of the members of another object. */
  addObject(members: Readonly<Record<string, Field>>, more?: Field): void {
    let characters = more === undefined ? 2 : this.#addJson(more);
    for (const [key, field] of Object.entries(members)) {
      const size = this.#sizeOf(field);
      // A member without a value is left out.
      if (size.characters === 0) continue;
      const text = key.length + MEMBER_CHARACTERS + size.characters + (size.isNumber ? 0 : QUOTES);
      characters += text;
      this.written += size.written + text * MEMBER_RATIO;
    }
    this.#addCharacters(characters);
  }

  /** Adds declared columns in their types. */
  addDeclared(columns: Readonly<Record<string, DeclaredColumn>>): void {
    for (const column of Object.values(columns)) {
      if (column.type === 'string') this.addText(column);
      else this.addValue(column);
    }
  }

  #addJson(field: Field): number {
    const { characters, written } = this.#sizeOf(field);
    this.written += written;
    return characters;
  }

  #addCharacters(characters: number): void {
    this.sorted += TEXT_BYTES + (characters > SHORT_TEXT ? characters : 0);
  }

  #sizeOf(place: FieldSource): { characters: number; written: number; isNumber: boolean } {
    if ('constant' in place) {
      const isNumber = typeof place.constant !== 'string';
      return { characters: String(place.constant).length, written: 0, isNumber };
    }
    if ('folder' in place) return { characters: FOLDER_CHARACTERS, written: 0, isNumber: false };
    const column = findColumn(this.#schema.columns, place.column, duckDbDialect);
    if (column === null) return { characters: 0, written: 0, isNumber: false };
    const { outer, kind } = column;
    const isNumber = ['integer', 'decimal', 'float', 'boolean', 'nested'].includes(kind);
    const [first, end] = outer.leaves ?? [0, 0];
    let [characters, written] = [kind === 'nested' ? namesOf(outer) : 0, 0];
    for (const { text, compressed, codec } of this.#schema.leafSizes.slice(first, end)) {
      characters += text;
      written += compressed * (RECOMPRESSED.get(codec) ?? 1);
    }
    return { characters, written, isNumber };
  }
}

/** Characters of a struct's names in JSON. Lists and maps have their members' values only. */
function namesOf({ members }: FileColumn): number {
  return members.reduce(
    (sum, member) => sum + member.name.length + MEMBER_CHARACTERS + QUOTES + namesOf(member),
    2,
  );
}

/** Bytes with zstd for a byte with another codec, by its number in the format: none, Snappy, gzip, Brotli, zstd, LZ4. */
const RECOMPRESSED: ReadonlyMap<number, number> = new Map([
  [0, 0.5],
  [1, 0.75],
  [2, 1],
  [4, 1.05],
  [6, 1],
  [7, 0.75],
]);
