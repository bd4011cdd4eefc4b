import * as z from 'zod';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { EngineFile, FileSchema, UnreadableFile } from '../../parquet/FileSchema.ts';
import { isRowReason, type RowReason } from '../rowReasons.ts';

/** One day of a dataset to be mapped. */
export interface LoadRequest {
  /** The files, as {@link Engine.describe} returns them. */
  readonly files: readonly (EngineFile & Pick<FileSchema, 'rows' | 'mayHaveChecksums'>)[];
  /** Compiled for exactly these files: lib/drops/mapping/compileMapping.ts */
  readonly mapping: CompiledMapping;
  /** Parquet file for the mapped rows, sorted by `sortBy` of the mapping. It counts only if there are any. */
  readonly rowsPath: string;
  /** Parquet file for refused rows, in the quarantine table's columns. It is created only if there are any. */
  readonly refusedPath: string;
  /** Value of `ingested_at`, epoch milliseconds. */
  readonly loadedAt: number;
  /** Value of `received_at` of refused rows, epoch milliseconds. Default: `loadedAt`. */
  readonly receivedAt?: number;
  /** Memory and threads of DuckDB, and its folder for what it spills. */
  readonly limits: EngineLimits;
  /** Stops the load, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

const count = z.int().min(0);
/** Refused rows by reason, without zeros. */
const reasons = z.partialRecord(z.string().refine(isRowReason), count);
/** Numbers of rows. `in` is always `out` + `refused`. */
const counts = { in: count, out: count, refused: count };
const fileRows = z.strictObject({ name: z.string(), ...counts, reasons });
/** Counts of the rows of one file. */
export type FileRows = z.output<typeof fileRows>;

const contentSchema = z.strictObject({
  /**
   * Accepted rows, without those of groups of files of which none was looked at. Counts of fields are of the rows that were looked
   * at, scaled to all of their group.
   */
  rows: count,
  /** By field, as the mapping has it: `metadata.plan`. */
  fields: z.record(
    z.string(),
    z.strictObject({
      /** The name of its column; empty if no file has one. */
      column: z.string(),
      /** Rows without a value, with a null of JSON, or with a text of spaces or none. */
      none: count,
      /** Rows whose value is a number, also as a text. */
      numbers: count,
      /**
       * How large its numbers are: of those that were looked at and are not 0, how many there are, and the sum of the logarithms to base 10
       * of what they are without a sign. Absent without any.
       */
      size: z.strictObject({ values: count, logs: z.number() }).optional(),
      /** Some values as they stand in the files, by the type of the column that has them. */
      types: z.record(z.string(), z.array(z.string()).readonly()),
    }),
  ),
  /** Accepted rows by the days of their own times, without the day of the folder and its neighbours. */
  days: z.record(z.string(), count),
});
/** What accepted rows hold. */
export type RowContent = z.output<typeof contentSchema>;
/** What accepted rows hold in one field. */
export type FieldContent = RowContent['fields'][string];

/** The rows of some files, or of all of a day. */
export const mappedRowsSchema = z.strictObject({
  rows: z.strictObject(counts),
  /** In the order of the files. */
  files: z.array(fileRows).readonly(),
  reasons,
  content: contentSchema,
});
/** See {@link mappedRowsSchema}. */
export type MappedRows = z.output<typeof mappedRowsSchema>;

/** Adds up the rows of files, and what they hold. */
export function sumRows(files: readonly FileRows[], contents: readonly RowContent[]): MappedRows {
  const rows = { in: 0, out: 0, refused: 0 };
  const reasons: MappedRows['reasons'] = {};
  for (const file of files) {
    rows.in += file.in;
    rows.out += file.out;
    rows.refused += file.refused;
    for (const [reason, more] of Object.entries(file.reasons))
      if (isRowReason(reason)) reasons[reason] = (reasons[reason] ?? 0) + more;
  }
  return { rows, reasons, files, content: sumContents(contents) };
}

/** Values of a field that are kept as they stand in the files. */
export const KEPT_VALUES = 3;

function sumContents(contents: readonly RowContent[]): RowContent {
  const sum: RowContent = { rows: 0, fields: {}, days: {} };
  for (const { rows, fields, days } of contents) {
    sum.rows += rows;
    for (const [day, more] of Object.entries(days)) sum.days[day] = (sum.days[day] ?? 0) + more;
    for (const [name, { column, none, numbers, size, types }] of Object.entries(fields)) {
      sum.fields[name] ??= { column, none: 0, numbers: 0, types: {} };
      const field = sum.fields[name];
      field.column ||= column;
      field.none += none;
      field.numbers += numbers;
      if (size !== undefined) {
        const { values = 0, logs = 0 } = field.size ?? {};
        field.size = { values: values + size.values, logs: logs + size.logs };
      }
      for (const [type, values] of Object.entries(types)) {
        const all = new Set([...(field.types[type] ?? []), ...values]);
        field.types[type] = [...all].slice(0, KEPT_VALUES);
      }
    }
  }
  return sum;
}

/**
 * Maps files to rows of a table. Rows never pass through JavaScript, except texts of some that are looked at. The implementation uses
 * DuckDB: duckDbEngine.ts in this process, childEngine.ts in another.
 */
export interface Engine {
  /**
   * Reads the footers.
   *
   * @returns One result for each file, in order: its schema, or why it can't be read.
   * @throws EngineError if the problem is not in the files.
   */
  describe(
    files: readonly EngineFile[],
    signal?: AbortSignal,
  ): Promise<readonly (FileSchema | UnreadableFile)[]>;
  /**
   * Maps files into Parquet.
   *
   * @throws FileError naming a file whose content can't be read; EngineError if the machine is too small for the load.
   */
  load(request: LoadRequest): Promise<MappedRows>;
}

/** A reason why rows may be refused, by the index that {@link MappedGroup.problem} returns. */
export interface RowProblem {
  /** The reason that the quarantine has. */
  readonly reason: RowReason;
  /** Which column, in words. */
  readonly detail: string;
}

/** A field that is read from a column. */
export interface MappedField {
  /** As the mapping has it. */
  readonly field: string;
  /** The name of its column; empty if the files lack it. */
  readonly column: string;
  /** Type of the column; empty if it holds no value. */
  readonly type: string;
  /** In terms of `reads`: its value as it stands in the file, as a text. */
  readonly text: string;
}

/** SQL of the whole row `src` of files as a JSON text. */
export interface RawRows {
  /** Indexes of files that have the same columns. */
  readonly files: readonly number[];
  /** SQL of a text: the row with all of its columns as a JSON object. */
  readonly sql: string;
  /** Ranges of the mapped columns among the column chunks of a row group: first and end. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
}

/** Files with the same mapped columns, of the same types, and the SQL that maps their rows, in DuckDB's dialect. */
export interface MappedGroup {
  /** Indexes of the files in the load. */
  readonly files: readonly number[];
  /** Names of a row's columns, in the order of the files, if some differ from the files' own; else empty. */
  readonly names: readonly string[];
  /** The select list that is read from a row `src` of a file, each item with a unique name. */
  readonly reads: string;
  /** In terms of `reads`: the row's first problem as an index of `problems`; NULL if the row is accepted. */
  readonly problem: string;
  /** In terms of `reads`: the table's columns in order, up to `source_file`, with the same names in every group. */
  readonly columns: string;
  /** Whole rows, which differ in unmapped columns. Each file of the group is in one of them. */
  readonly raws: readonly RawRows[];
  /** Reasons why rows of these files may be refused. */
  readonly problems: readonly RowProblem[];
  /** The fields that are read, in the order of the mapping. */
  readonly fields: readonly MappedField[];
}

/** A mapping for the files of one load, for one SQL statement. */
export interface CompiledMapping {
  /** `<source>/<dataset>`, the label of refused rows. */
  readonly label: string;
  /** Prefix of a file's name that makes it a URL: `s3://<bucket>/`. */
  readonly origin: string;
  /** The columns that rows are sorted by; none: in no order. */
  readonly sortBy: readonly string[];
  /** Columns from the paths of files. The value is the same in all rows of a file. */
  readonly folders: readonly {
    /** Its name in a row `src`. */
    readonly column: string;
    /** Values by the file's index in the load; null if a file has none. */
    readonly values: readonly (string | null)[];
  }[];
  /** The files of the load, each in one group. */
  readonly groups: readonly MappedGroup[];
  /** Where a written row has its own time; null of a kind without such a time. */
  readonly ownTime: OwnTime | null;
}

/** The column of a table with a row's own time. */
export interface OwnTime {
  /** Its name: a TIMESTAMP or a DATE. */
  readonly column: string;
  /** SQL in terms of the column: the day as a DATE, NULL if it is the day of the folder or a neighbour. */
  readonly otherDay: string;
}
