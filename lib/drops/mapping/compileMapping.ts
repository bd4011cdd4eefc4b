import type { SluiceError } from '../../base/errors.ts';
import { namedList, quoteName } from '../../base/sql.ts';
import { instantOf, type UtcDay } from '../../base/time.ts';
import { FileError } from '../../parquet/FileError.ts';
import type { FileColumn, FileSchema } from '../../parquet/FileSchema.ts';
import { isTaken } from '../../parquet/readColumns.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CompiledMapping, MappedGroup, OwnTime, RawRows } from './CompiledMapping.ts';
import { rawRowSql } from './columns/columnSql.ts';
import { FileColumns } from './columns/FileColumns.ts';
import type { FoundColumn } from './columns/FoundColumn.ts';
import { FieldProblem } from './columns/findColumn.ts';
import { findFolder, pathFolders } from './columns/pathFolders.ts';
import { MappedRow } from './MappedRow.ts';
import { type MappedColumns, mapDeclared, mapEvents, mapExposures, mapMetrics } from './mapRow.ts';
import { dayInZone } from './timeSql.ts';

/** The kind of a dataset with the mapping of that kind. A Pick of the union has each kind with the mappings of all. */
type KindAndMapping<Each = Dataset> = Each extends Dataset ? Pick<Each, 'kind' | 'mapping'> : never;

/** The SQL of a group of files, without what differs among them. */
type RowSql = Omit<MappedGroup, 'files' | 'raws'>;

/** The source and dataset of a mapping. */
export interface MappingSubject {
  /** The source: its name is in the label of refused rows, its bucket in the URLs of files. */
  readonly source: Pick<Source, 'name' | 'bucket'>;
  /** The dataset with its mapping. */
  readonly dataset: Pick<Dataset, 'name' | 'timezone'> & KindAndMapping;
  /** Columns of unit IDs by type, as the configuration has them. */
  readonly unitIds: Readonly<Record<string, string>>;
}

/**
 * Compiles the mapping of a dataset for some files. Files of a day may differ in their types and in unmapped columns. Files
 * with the same mapped columns are read together.
 *
 * @param schemas Schemas of the files, in the order of the load.
 * @param day The day of the folder: rows of other days than it and its neighbours are counted. Without it, no row is
 *   counted as of another day.
 * @param problems Problems of files of the load, by name, also of those that have no schema. A problem is added for
 *   each file that can't be mapped, with its column, the expected type and the actual type: FileError
 *   `SLUICE_INGEST_COLUMN_…`.
 * @throws The first of the problems, also one that was there before: a load is of all its files or of none.
 */
export function compileMapping(
  subject: MappingSubject,
  schemas: readonly FileSchema[],
  day?: UtcDay,
  problems: Map<string, SluiceError> = new Map(),
): CompiledMapping {
  const folders = schemas.map(({ name }) => pathFolders(name));
  const groups = new Map<string, RowSql & { files: number[]; raws: RawRows[] }>();
  const folderColumns = new Map<string, FoundColumn>();
  for (const [shape, { schema, files }] of filesByShape(schemas)) {
    const row = compileRow(subject, schema, folderColumns);
    if (row instanceof FieldProblem) {
      for (const each of files.flatMap((i) => schemas[i] ?? [])) {
        // A problem names the values of the file's own folders.
        const own = compileRow(subject, each, folderColumns);
        const cause = own instanceof FieldProblem ? own : row;
        problems.set(each.name, new FileError(cause.code, `${each.name}, ${cause.message}.`, { cause }));
      }
      continue;
    }
    const { used, ...compiled } = row;
    // DuckDB finds columns in the other files by name, ignoring case, so the name must be unambiguous.
    const key = `${JSON.stringify(compiled)} ${isNamedTwice(schema) ? shape : readShapeOf(used)}`;
    const group = groups.get(key) ?? { ...compiled, files: [], raws: [] };
    group.files.push(...files);
    group.raws.push({
      files,
      sql: rawRowSql(schema.columns),
      leaves: used.flatMap(({ leaves }) => (leaves === null ? [] : [leaves])),
    });
    groups.set(key, group);
  }
  const [first] = problems.values();
  if (first !== undefined) throw first;
  const { source, dataset } = subject;
  return {
    label: `${source.name}/${dataset.name}`,
    origin: `s3://${source.bucket}/`,
    sortBy: orderOf(dataset),
    folders: [...folderColumns].map(([name, { outer }]) => ({
      column: outer.sqlName,
      values: folders.map((each) => findFolder(each, name)?.value ?? null),
    })),
    groups: [...groups.values()],
    ownTime: ownTimeOf(dataset, day),
    countedColumns: COUNTED_COLUMNS[dataset.kind],
    digestedColumns: DIGESTED_COLUMNS[dataset.kind],
    value: dataset.kind === 'metrics' ? 'coalesce(metric_value, numerator)' : null,
  };
}

/** Columns whose values are names, of which there are few, by the kind of the dataset. */
const COUNTED_COLUMNS = {
  events: ['event_name'],
  metrics: ['id_type', 'metric_name'],
  exposures: ['unit_type', 'experiment_id', 'group_id'],
  table: [],
} as const;

/**
 * Columns that say what a row is beside its time, by the kind of the dataset. Who was exposed to what, and a table, may
 * rightly stay as they are; metadata may have a time of their own.
 */
const DIGESTED_COLUMNS = {
  events: ['unit_ids', 'event_name', 'event_value'],
  metrics: ['unit_id', 'id_type', 'metric_name', 'metric_value', 'numerator', 'denominator'],
  exposures: [],
  table: [],
} as const;

/** Files that have the same columns at the same leaves, and folders of the same names in their paths. */
interface AlikeFiles {
  /** The schema of the first of them. */
  readonly schema: FileSchema;
  /** Their indexes in the load. */
  readonly files: number[];
}

/** The files of a load by a text of their columns and folders. */
function filesByShape(schemas: readonly FileSchema[]): ReadonlyMap<string, AlikeFiles> {
  const shapes = new Map<string, AlikeFiles>();
  // Files with the same schema share the list of their columns.
  const texts = new Map<FileSchema['columns'], string>();
  for (const [i, schema] of schemas.entries()) {
    const text = texts.get(schema.columns) ?? JSON.stringify(schema.columns);
    texts.set(schema.columns, text);
    const folders = pathFolders(schema.name).map(({ name }) => name);
    const shape = `${text} ${JSON.stringify(folders)}`;
    const alike = shapes.get(shape) ?? { schema, files: [] };
    alike.files.push(i);
    shapes.set(shape, alike);
  }
  return shapes;
}

/** The columns that a dataset's rows are sorted by. */
function orderOf({ kind, mapping }: MappingSubject['dataset']): readonly string[] {
  switch (kind) {
    case 'metrics':
      return ['metric_date'];
    case 'table':
      return mapping.sortBy ?? [];
    case 'events':
    case 'exposures':
      return ['timestamp'];
  }
}

/** A text that is the same for columns that are read by the same SQL, whatever their leaves. */
function readShapeOf(columns: readonly FileColumn[]): string {
  return JSON.stringify(columns, (key, value) => (key === 'leaves' ? undefined : value));
}

/** Whether a file has columns whose names differ in case only, so that names alone do not tell them apart. */
function isNamedTwice({ columns }: FileSchema): boolean {
  return new Set(columns.map(({ name }) => name.toLowerCase())).size < columns.length;
}

/**
 * The SQL of the rows of files with a schema, or why they can't be mapped.
 *
 * @param folderColumns As of {@link FileColumns}.
 */
function compileRow(
  subject: MappingSubject,
  schema: FileSchema,
  folderColumns: Map<string, FoundColumn>,
): (RowSql & { readonly used: readonly FileColumn[] }) | FieldProblem {
  const row = new MappedRow();
  const fileColumns = new FileColumns(
    schema.columns,
    subject.dataset.timezone,
    pathFolders(schema.name),
    folderColumns,
    subject.dataset.mapping,
  );
  const columns = columnsOfKind(subject, row, fileColumns);
  if (columns instanceof FieldProblem) return columns;
  const isRenamed = schema.columns.some(({ name }) => isTaken(name));
  return {
    names: isRenamed ? schema.columns.map(({ sqlName }) => sqlName) : [],
    reads: row.reads,
    problem: row.problem,
    columns: namedList(columns),
    problems: row.problems,
    fields: row.fields,
    used: [...fileColumns.used],
  };
}

/** Hours of a day. */
const DAY_HOURS = 24;

/**
 * Where the rows of a dataset have their own time; null for a kind without one, and without a day. The date of a metric is a
 * day in any time zone.
 */
function ownTimeOf({ kind, timezone }: MappingSubject['dataset'], day: UtcDay | undefined): OwnTime | null {
  if (kind === 'table' || day === undefined) return null;
  const column = kind === 'metrics' ? 'metric_date' : 'timestamp';
  const name = quoteName(column);
  const zone = kind === 'metrics' ? 'UTC' : timezone;
  const timestampAt = (hours: number) => `make_timestamp(${instantOf(day, hours, zone)} * 1000)`;
  const from = timestampAt(0);
  const to = timestampAt(DAY_HOURS);
  const otherDay = `CASE WHEN ${name} < ${from} OR ${name} >= ${to} THEN ${dayInZone(name, zone)} END`;
  const first = timestampAt(-DAY_HOURS);
  const isNear = `${name} >= ${first} AND ${name} < ${timestampAt(2 * DAY_HOURS)}`;
  const hour = `CASE WHEN ${isNear} THEN date_sub('hour', ${first}, ${name}) - ${DAY_HOURS} END`;
  return { column, otherDay, hour: kind === 'metrics' ? 'NULL' : hour };
}

/** The columns of a row of the dataset's kind, or why the files can't be mapped. */
function columnsOfKind(
  { dataset, unitIds }: MappingSubject,
  row: MappedRow,
  fileColumns: FileColumns,
): MappedColumns | FieldProblem {
  try {
    switch (dataset.kind) {
      case 'events':
        return mapEvents(dataset.mapping, unitIds, row, fileColumns);
      case 'metrics':
        return mapMetrics(dataset.mapping, row, fileColumns);
      case 'exposures':
        return mapExposures(dataset.mapping, row, fileColumns);
      case 'table':
        return mapDeclared(dataset.mapping.columns, row, fileColumns);
    }
  } catch (error) {
    if (error instanceof FieldProblem) return error;
    throw error;
  }
}
