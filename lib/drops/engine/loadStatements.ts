import { namedList, quoteName, quoteText } from '../../base/sql.ts';
import { sum } from '../../base/sum.ts';
import type { EngineFile } from '../../parquet/FileSchema.ts';
import type { QuarantineRow } from '../../tables/quarantineTable.ts';
import type { MappedGroup } from '../mapping/CompiledMapping.ts';
import type { LoadRequest } from './Engine.ts';

/** Rows of a row group. A reader skips whole row groups by time. DuckDB's default, four times as many, takes 130 MB more. */
const ROW_GROUP_ROWS = 32_768;

/**
 * Level 1 is faster than DuckDB's default of 3, and the files are no larger for such rows. Columns with more than 2,500
 * values in a row group do not benefit from a dictionary, and the attempt takes time. Bloom filters
 * would be of columns with a dictionary: only a search for a person asks these for a value that few row groups have.
 */
const COPY_OPTIONS = `(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 2500, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, WRITE_BLOOM_FILTER false)`;

/** The most queries in one UNION, as it holds readers for all of them in memory. */
const MAX_UNITED = 100;

/** Rows of a load that are looked at, about. Each value takes a microsecond. */
const SEEN_ROWS = 2_048;
/** Fields of a group, from which on less of its rows are looked at. */
const MANY_FIELDS = 100;
/** Runs of neighbours that are looked at in a large group. */
const RUNS = 16;
/** The fewest rows of a run. */
const SHORTEST_RUN = 8;
/**
 * By which part of the distance between runs each file's runs begin later than those of the file before: no multiple of
 * it is near a whole number, so that the runs of many files are spread evenly.
 */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** Characters of a value that are looked at. */
export const VALUE_CHARACTERS = 40;
/** A name with a space, which no table's column has. */
const FILE = '"file number"';
/** The column of {@link probeStatement} that says whether the number of rows differs from the footer. */
export const ROWS_DIFFER = 'rows differ';

/** What of a request the statements depend on. */
type MappingRequest = Pick<LoadRequest, 'mapping' | 'loadedAt' | 'receivedAt'> & {
  readonly files: readonly EngineFile[];
};

/**
 * The statement that maps all files and writes the accepted rows in order of time. Rows carry the index of their file while
 * they are sorted, and get its name afterwards, which reduces temporary files.
 */
export function acceptedRowsStatement(
  request: Pick<LoadRequest, 'files' | 'mapping' | 'loadedAt'>,
  path: string,
): string {
  const { files, mapping, loadedAt } = request;
  const { sortBy } = mapping;
  const order = sortBy.length === 0 ? '' : `ORDER BY ${sortBy.map(quoteName).join(', ')}`;
  const groups = mapping.groups.map(
    (group, i) => `SELECT ${group.columns}, ${fileNumber(request, group, i)} AS ${FILE}, row_number
      FROM (${readGroup({ files, mapping }, group)}) WHERE problem IS NULL`,
  );
  const name = elementAt(
    files.map((_, i) => fileAt(files, i).name),
    FILE,
  );
  return `COPY (SELECT * EXCLUDE (${FILE}, row_number), ${name} AS source_file, row_number, ${timestampSql(loadedAt)} AS ingested_at
    FROM (${groups.join(' UNION ALL ')} ${order})) TO ${quoteText(path)} ${COPY_OPTIONS}`;
}

/** The number of a row's file. Of some rows it comes from the function that looks at their values. */
function fileNumber(
  { files, mapping }: Pick<LoadRequest, 'files' | 'mapping'>,
  group: MappedGroup,
  index: number,
): string {
  // A group has its files shape by shape. Where that is their order in the load, no list is looked into: one of a thousand
  // numbers costs its length in each vector.
  const file = group.files.every((number, i) => number === i)
    ? 'CAST(file_index AS INTEGER)'
    : `[${group.files.join(', ')}][file_index + 1]`;
  if (group.fields.length === 0) return file;
  const rows = sum(group.files.map((i) => fileAt(files, i).rows));
  const isSeen = isSeenSql(rows, group.fields.length * mapping.groups.length);
  const values = group.fields.map(({ text }) => `left(${text}, ${VALUE_CHARACTERS})`);
  return `CASE WHEN ${isSeen} THEN ${lookName(index)}(${[file, ...values].join(', ')}) ELSE ${file} END`;
}

/**
 * Whether a row of a group is looked at: all of a small group, of others some runs of neighbours, as a call of the
 * function takes longer than a row. Runs are at equal distances, so that a file counts by its rows; each file begins at
 * another place of a distance, so that small files have their share. The distance is odd, as writers repeat themselves
 * by powers of two.
 *
 * @param rows Rows of the group.
 * @param fields Fields of all groups, about.
 */
function isSeenSql(rows: number, fields: number): string {
  const run = Math.max(SHORTEST_RUN, Math.ceil(SEEN_ROWS / RUNS / Math.ceil(fields / MANY_FIELDS)));
  if (rows <= run * RUNS) return 'true';
  const distance = 2 * Math.floor(rows / RUNS / 2) + 1;
  return `(row_number + file_index * ${Math.round(distance * GOLDEN_RATIO)}) % ${distance} < ${run}`;
}

/** Name of the function that looks at values of a group's rows: `addLook` of a DuckDbSession. */
export function lookName(group: number): string {
  return `sluice_look_${group}`;
}

/**
 * The statements that write the refused rows, in the columns of the quarantine table: one, or several if the files have more
 * shapes than one statement can hold.
 *
 * @param only Indexes of the files with refused rows. Other files are not read again.
 */
export function refusedRowsStatements(
  request: MappingRequest,
  only: ReadonlySet<number>,
  path: string,
): string[] {
  const queries = refusedRowsQueries(request, only);
  const copy = (from: string) => `COPY (${from}) TO ${quoteText(path)} ${COPY_OPTIONS}`;
  if (queries.length <= MAX_UNITED) return [copy(queries.join(' UNION ALL '))];
  const statements: string[] = [];
  for (let i = 0; i < queries.length; i += MAX_UNITED) {
    const some = queries.slice(i, i + MAX_UNITED).join(' UNION ALL ');
    statements.push(i === 0 ? `CREATE TEMP TABLE refused AS ${some}` : `INSERT INTO refused ${some}`);
  }
  return [...statements, copy('SELECT * FROM refused')];
}

/** The refused rows of some files, in the columns of the quarantine table. */
function refusedRowsQueries(
  { files, mapping, loadedAt, receivedAt = loadedAt }: MappingRequest,
  only: ReadonlySet<number>,
): string[] {
  return mapping.groups
    .flatMap(({ raws, ...group }) => raws.map((raw) => ({ ...group, ...raw })))
    .map((group) => ({ ...group, files: group.files.filter((i) => only.has(i)) }))
    .filter((group) => group.files.length > 0)
    .map((group) => {
      const urls = group.files.map((i) => `${mapping.origin}${fileAt(files, i).name}`);
      const file = elementAt(urls, 'file_index');
      const { problems } = group;
      const details = elementAt(
        problems.map(({ detail }) => detail),
        'problem',
      );
      const rows = readGroup({ files, mapping }, group, `, ${group.sql} AS raw`);
      const none = 'CAST(NULL AS VARCHAR)';
      const label = quoteText(mapping.label);
      const columns: Readonly<Record<keyof QuarantineRow, string>> = {
        // The same row of the same file has the same ID in every load.
        quarantine_id: `md5(concat_ws('|', ${label}, file, row_number, raw))`,
        received_at: timestampSql(receivedAt),
        reason: elementAt(
          problems.map(({ reason }) => reason),
          'problem',
        ),
        detail: `'row ' || row_number || ', ' || ${details}`,
        key_label: label,
        key_environment: none,
        sdk_type: none,
        sdk_version: none,
        path: 'file',
        raw: 'raw',
        raw_encoding: "'text'",
        raw_location: none,
      };
      return `SELECT ${namedList(columns)}
        FROM (SELECT ${file} AS file, row_number, raw, problem FROM (${rows}) WHERE problem IS NOT NULL)`;
    });
}

/**
 * A query that reads every mapped value of one file and returns one row. It fails like the load. Its columns
 * are counts of values, of which `problem` counts the refused rows, and {@link ROWS_DIFFER}.
 */
export function probeStatement({ files, mapping }: MappingRequest, file: number): string {
  const group = groupWithFile(mapping, file);
  const { path } = fileAt(files, file);
  const footerRows = `SELECT num_rows FROM parquet_file_metadata(${quoteText(path)})`;
  return `SELECT count(COLUMNS(*)), count(*) <> (${footerRows}) AS "${ROWS_DIFFER}"
    FROM (SELECT ${group.columns}, problem FROM (${readGroup({ files, mapping }, { ...group, files: [file] })}))`;
}

/**
 * A query that reads the whole refused rows of one file and returns one row. It fails like the load.
 *
 * @throws RangeError for a file that the mapping is not for.
 */
export function refusedProbeStatement({ files, mapping }: MappingRequest, file: number): string {
  const group = groupWithFile(mapping, file);
  const raw = group.raws.find((rawRows) => rawRows.files.includes(file));
  if (raw === undefined) throw new RangeError(`The mapping has no row of file ${file}.`);
  const rows = readGroup({ files, mapping }, { ...group, files: [file] }, `, ${raw.sql} AS raw`);
  return `SELECT max(length(raw)) FROM (${rows}) WHERE problem IS NOT NULL`;
}

/** The group of a file. @throws RangeError for a file that the mapping is not for: a defect of the caller. */
function groupWithFile(mapping: MappingRequest['mapping'], file: number): MappedGroup {
  const group = mapping.groups.find(({ files }) => files.includes(file));
  if (group === undefined) throw new RangeError(`The mapping is not for file ${file}.`);
  return group;
}

/**
 * A query of the rows of files that are read alike.
 *
 * @param group Some files of a group. Each row is read with the index of its file among them.
 */
function readGroup(
  request: Pick<MappingRequest, 'files' | 'mapping'>,
  group: Pick<MappedGroup, 'files' | 'names' | 'reads' | 'problem'>,
  more = '',
): string {
  return `SELECT *, ${group.problem} AS problem FROM (SELECT ${group.reads}, src.file_row_number AS row_number,
    CAST(src.file_index AS BIGINT) AS file_index${more}
    FROM ${readRows(request, group)})`;
}

/** The rows `src` of some files of a group. */
function readRows(
  { files, mapping }: Pick<MappingRequest, 'files' | 'mapping'>,
  group: Pick<MappedGroup, 'files' | 'names'>,
): string {
  const list = `[${group.files.map((i) => quoteText(fileAt(files, i).path)).join(', ')}]`;
  const folders = mapping.folders.map(({ column, values }) => {
    const texts = group.files.map((i) => (values[i] == null ? 'NULL' : quoteText(values[i])));
    return `, CAST([${texts.join(', ')}] AS VARCHAR[])[CAST(file_index AS BIGINT) + 1] AS ${column}`;
  });
  const names = group.names.length === 0 ? '' : `(${group.names.map(quoteName).join(', ')})`;
  const read = `read_parquet(${list}, hive_partitioning = false) AS src${names}`;
  return folders.length === 0
    ? read
    : `(SELECT *, file_row_number, file_index${folders.join('')} FROM ${read}) AS src`;
}

/** The text at an index of a list, counted from 0. DuckDB counts from 1. */
function elementAt(texts: readonly string[], place: string): string {
  return `[${texts.map(quoteText).join(', ')}][${place} + 1]`;
}

/** SQL of a time, from epoch milliseconds. */
function timestampSql(epochMs: number): string {
  return `make_timestamp(${epochMs} * 1000)`;
}

/** The file with an index. @throws RangeError if there are fewer files: a defect of the caller. */
function fileAt<File extends EngineFile>(files: readonly File[], i: number): File {
  const file = files[i];
  if (file === undefined) throw new RangeError(`The mapping is for more files than there are: ${i}.`);
  return file;
}
