import { quoteName, quoteText } from '../../base/sql.ts';
import type { CompiledMapping, MappedGroup, RawRows } from '../engine/Engine.ts';

/** A column of a table that Athena reads. */
export interface AthenaColumn {
  readonly name: string;
  /** Hive's name of the type. */
  readonly type: string;
}

/** Files of the same schema, the mapping of their rows, and the table that they are read by. */
export interface AthenaGroup {
  /** Name of the table in the scratch database. */
  readonly table: string;
  readonly mapped: MappedGroup;
  readonly raw: RawRows;
}

/** Input for the statements of a load. */
export interface AthenaMapping {
  readonly mapping: CompiledMapping;
  readonly groups: readonly AthenaGroup[];
  /** The scratch database. */
  readonly database: string;
  /** Epoch milliseconds: `ingested_at` of all rows. */
  readonly loadedAt: number;
  /** Epoch milliseconds: `received_at` of refused rows. */
  readonly receivedAt: number;
}

/** Column of a row's file: a name with a colon, which no column has that Athena reads (lib/drops/mapping/athena/athenaDialect.ts). */
const FILE = '"file:path"';

/** The rows that are accepted, in the columns of the dataset's table. They are in no order: a sort of a large day takes more memory than Athena has. */
export function acceptedRowsQuery(load: AthenaMapping): string {
  const { mapping, loadedAt } = load;
  return load.groups
    .map(
      (
        group,
      ) => `SELECT ${group.mapped.columns}, substr(${FILE}, ${mapping.origin.length + 1}) AS source_file,
        CAST(NULL AS BIGINT) AS row_number, ${timestamp(loadedAt)} AS ingested_at
      FROM (${readGroup(load, group)}) WHERE problem IS NULL`,
    )
    .join(' UNION ALL ');
}

/**
 * The rows that are refused, in the columns of the quarantine table. Athena knows no number of a row, so that equal rows of a
 * file are one row, whose detail begins with their count.
 */
export function refusedRowsQuery(load: AthenaMapping): string {
  const { mapping, receivedAt } = load;
  const label = quoteText(mapping.label);
  return load.groups
    .map((group) => {
      const { problems } = group.mapped;
      const of = (texts: readonly string[]) =>
        `element_at(ARRAY[${texts.map(quoteText).join(', ')}], problem + 1)`;
      const id = `concat(${label}, '|', ${FILE}, '|', raw)`;
      return `SELECT lower(to_hex(md5(to_utf8(${id})))) AS quarantine_id, ${timestamp(receivedAt)} AS received_at,
        ${of(problems.map(({ reason }) => reason))} AS reason,
        CASE WHEN n > 1 THEN CAST(n AS VARCHAR) || ' equal rows, ' ELSE '' END || ${of(problems.map(({ detail }) => detail))} AS detail,
        ${label} AS key_label, CAST(NULL AS VARCHAR) AS key_environment, CAST(NULL AS VARCHAR) AS sdk_type,
        CAST(NULL AS VARCHAR) AS sdk_version, ${FILE} AS path, raw, 'text' AS raw_encoding, CAST(NULL AS VARCHAR) AS raw_location
      FROM (SELECT ${FILE}, raw, problem, count(*) AS n
        FROM (${readGroup(load, group, `, ${group.raw.sql} AS raw`)}) WHERE problem IS NOT NULL GROUP BY 1, 2, 3)`;
    })
    .join(' UNION ALL ');
}

/** The count in the detail of a row of {@link refusedRowsQuery}. */
const EQUAL_ROWS = String.raw`^(\d+) equal rows, `;

/** Refused rows by file and reason: `path`, `reason`, `n`. @param table Of the scratch database, over the refused rows. */
export function refusedCountsQuery(database: string, table: string): string {
  return `SELECT path, reason, sum(coalesce(TRY_CAST(regexp_extract(detail, '${EQUAL_ROWS}', 1) AS BIGINT), 1)) AS n
    FROM ${quoteName(database)}.${quoteName(table)} GROUP BY 1, 2`;
}

/** Accepted rows by file: `source_file`, `n`. @param table Of the scratch database, over the version that was written. */
export function acceptedCountsQuery(database: string, table: string): string {
  return `SELECT source_file, count(*) AS n FROM ${quoteName(database)}.${quoteName(table)} GROUP BY 1`;
}

/** Writes the rows of a query to a folder that must be empty: https://docs.aws.amazon.com/athena/latest/ug/unload.html */
export function unloadStatement(query: string, location: string): string {
  return `UNLOAD (${query}) TO ${quoteText(location)} WITH (format = 'PARQUET', compression = 'ZSTD')`;
}

function readGroup({ mapping, database }: AthenaMapping, group: AthenaGroup, more = ''): string {
  const { mapped, raw, table } = group;
  const folders = mapping.folders.map(
    ({ column, values, segments }) => `, ${folderValue(raw.files, values, segments)} AS ${column}`,
  );
  return `SELECT *, ${mapped.problem} AS problem FROM (SELECT ${mapped.reads}, src.${FILE}${more}
    FROM (SELECT *, "$path" AS ${FILE}${folders.join('')} FROM ${quoteName(database)}.${quoteName(table)}) AS src)`;
}

/** The value of a folder of the file's path. */
function folderValue(
  files: readonly number[],
  values: readonly (string | null)[],
  segments: readonly (string | null)[],
): string {
  const bySegment = new Map(
    files.flatMap((i) => (segments[i] == null ? [] : [[segments[i], values[i] ?? null] as const])),
  );
  const known = [...bySegment].flatMap(([segment, value]) =>
    value === null ? [] : [`WHEN strpos("$path", ${quoteText(`/${segment}/`)}) > 0 THEN ${quoteText(value)}`],
  );
  return known.length === 0 ? 'CAST(NULL AS VARCHAR)' : `CASE ${known.join(' ')} END`;
}

function timestamp(epochMs: number): string {
  return `TIMESTAMP ${quoteText(new Date(epochMs).toISOString().replace('T', ' ').replace('Z', ''))}`;
}
