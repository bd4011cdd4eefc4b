import type { MappedGroup } from '../ingest/mapping/CompiledMapping.ts';
import { quoteText } from '../sql/quoteText.ts';
import type { LoadRequest } from './Engine.ts';

/** Rows of a row group: DuckDB's own default. A reader skips whole ones by time. */
const ROW_GROUP_ROWS = 122_880;

const PARQUET = `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`;

type Wanted = Pick<LoadRequest, 'files' | 'mapping' | 'loadedAt' | 'receivedAt'> & {
  /** Only as many rows from the beginning of each file: whole row groups beyond it are not touched. Default all. */
  readonly firstRows?: number;
};

/** The statement that maps all files and writes the rows that are taken, in order of time. */
export function takenStatement(request: Wanted, path: string): string {
  return `COPY (${takenQuery(request)} ORDER BY ${request.mapping.sortBy}) TO ${quoteText(path)} ${PARQUET}`;
}

/** The rows that are taken, in the table's columns. */
export function takenQuery({ files, mapping, loadedAt, firstRows }: Wanted): string {
  const groups = mapping.groups.map((group) => {
    const names = group.files.map((i) => nameOf(files, i));
    return `SELECT ${group.columns}, ${nameList(names)} AS source_file, row_number, ${timestamp(loadedAt)} AS ingested_at
      FROM (${readGroup(group, pathsOf(files, group), firstRows)}) WHERE problem IS NULL`;
  });
  return groups.join(' UNION ALL ');
}

/**
 * The statement that writes the rows that are refused, in the columns of the quarantine table.
 *
 * @param only Places of the files that have any: the others are not read again.
 */
export function refusedStatement(request: Wanted, only: ReadonlySet<number>, path: string): string {
  return `COPY (${refusedQuery(request, only)}) TO ${quoteText(path)} ${PARQUET}`;
}

/** The rows that are refused, of some of the files, in the columns of the quarantine table. */
export function refusedQuery(
  { files, mapping, loadedAt, receivedAt = loadedAt, firstRows }: Wanted,
  only: ReadonlySet<number>,
): string {
  const groups = mapping.groups
    .map((group) => ({ ...group, files: group.files.filter((i) => only.has(i)) }))
    .filter((group) => group.files.length > 0)
    .map((group) => {
      const file = nameList(group.files.map((i) => `${mapping.origin}${nameOf(files, i)}`));
      const { problems } = group;
      // The same row of the same file has the same ID whenever it is loaded.
      return `SELECT md5(concat_ws('|', ${quoteText(mapping.label)}, file, row_number, raw)) AS quarantine_id,
        ${timestamp(receivedAt)} AS received_at, reason,
        'row ' || row_number || ', ' || detail AS detail, ${quoteText(mapping.label)} AS key_label,
        CAST(NULL AS VARCHAR) AS key_environment, CAST(NULL AS VARCHAR) AS sdk_type, CAST(NULL AS VARCHAR) AS sdk_version,
        file AS path, raw, 'text' AS raw_encoding, CAST(NULL AS VARCHAR) AS raw_location
      FROM (SELECT ${file} AS file, row_number, raw, ${listAt(
        problems.map(({ reason }) => reason),
        'problem',
      )} AS reason,
          ${listAt(
            problems.map(({ detail }) => detail),
            'problem',
          )} AS detail
        FROM (${readGroup(group, pathsOf(files, group), firstRows, `, ${group.raw} AS raw`)}) WHERE problem IS NOT NULL)`;
    });
  return groups.join(' UNION ALL ');
}

/** A query that reads every mapped value of one file and gives one row: it fails as the load would. */
export function probeStatement({ files, mapping }: Wanted, file: number): string {
  const group = mapping.groups.find((one) => one.files.includes(file));
  if (group === undefined) throw new RangeError(`The mapping is not for file ${file}.`);
  return `SELECT count(COLUMNS(*)) FROM (SELECT ${group.columns}, problem FROM (${readGroup(group, [pathOf(files, file)])}))`;
}

function readGroup(group: MappedGroup, paths: readonly string[], firstRows?: number, more = ''): string {
  const list = `[${paths.map(quoteText).join(', ')}]`;
  return `SELECT *, ${group.problem} AS problem FROM (SELECT ${group.reads}, src.file_row_number AS row_number,
    CAST(src.file_index AS BIGINT) AS file_index${more}
    FROM read_parquet(${list}, hive_partitioning = false) AS src${firstRows === undefined ? '' : ` WHERE src.file_row_number < ${firstRows}`})`;
}

/** Names of files by the number that DuckDB gives them. */
function nameList(names: readonly string[]): string {
  return listAt(names, 'file_index');
}

/** The text at a place of a list, counted from 0; DuckDB counts from 1. */
function listAt(texts: readonly string[], place: string): string {
  return `[${texts.map(quoteText).join(', ')}][${place} + 1]`;
}

function timestamp(epochMs: number): string {
  return `make_timestamp(${epochMs} * 1000)`;
}

function pathsOf(files: LoadRequest['files'], group: MappedGroup): string[] {
  return group.files.map((i) => pathOf(files, i));
}

function pathOf(files: LoadRequest['files'], i: number): string {
  const file = files[i];
  if (file === undefined) throw new RangeError(`The mapping is for more files than there are: ${i}.`);
  return file.path;
}

function nameOf(files: LoadRequest['files'], i: number): string {
  const file = files[i];
  if (file === undefined) throw new RangeError(`The mapping is for more files than there are: ${i}.`);
  return file.name;
}
