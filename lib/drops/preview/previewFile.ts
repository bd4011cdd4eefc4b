import { SluiceError } from '../../base/errors.ts';
import { quoteText } from '../../base/sql.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import { DuckDbSession, type SessionRow } from '../engine/DuckDbSession.ts';
import { describeFiles } from '../engine/describeFiles.ts';
import type { EngineLimits, FileColumn, FileSchema, LoadRequest } from '../engine/Engine.ts';
import { duckDbMessage, fileFailure } from '../engine/EngineError.ts';
import { acceptedRowsQuery, refusedRowsQuery } from '../engine/loadStatements.ts';
import { readEnds } from '../engine/parquet/parquetFooter.ts';
import { judgePages, verifyPages } from '../engine/verifyPages.ts';
import { PREVIEW_BYTES } from '../limits.ts';
import { compileMapping, type MappingSubject } from '../mapping/compileMapping.ts';
import { PartialFile } from '../PartialFile.ts';

/** The mapped beginning of a file. */
export interface Preview extends PreviewedRows {
  readonly key: string;
  readonly bytes: number;
  /** Bytes that were fetched. */
  readonly bytesRead: number;
  readonly rows: number;
  /** Rows from the beginning that were mapped. */
  readonly rowsRead: number;
  readonly columns: readonly FileColumn[];
}

/** The input of a preview. */
export interface PreviewRequest {
  readonly bucket: Pick<CustomerBucket, 'read'>;
  readonly object: DropObject;
  readonly subject: MappingSubject;
  /** The most rows to show of each kind, mapped and refused. */
  readonly shown: number;
  /** Path of the local copy. The file must not exist, and the caller removes it. */
  readonly path: string;
  readonly loadedAt: number;
  readonly limits: EngineLimits;
}

/**
 * Maps the first rows of a customer's file as a load would. Only the footer and the first row groups are fetched.
 *
 * @throws FileError as a load of the file would; PreviewError; SourceError.
 */
export async function previewFile(request: PreviewRequest): Promise<Preview> {
  const { bucket, object, subject, path, loadedAt, limits } = request;
  const partial = await PartialFile.open(bucket, object, path);
  const session = await DuckDbSession.open(limits, { files: [path], directories: [] });
  try {
    await partial.fetchFooter();
    const file = { path, name: object.key };
    const [schema] = await describeFiles(session, [{ ...file, onlyFooter: true }]);
    if (schema === undefined) throw new RangeError('One file has one schema.');
    if ('problem' in schema) throw schema.problem;
    const mapping = compileMapping(subject, [schema]);
    const firstRows = await fetchRowGroups(session, partial, schema);
    await judgePages(file, { ends: readEnds(path), rows: firstRows });
    for (const { leaves } of mapping.groups.flatMap(({ raws }) => raws)) {
      await verifyPages(file, { leaves, rows: firstRows });
    }
    const rows = await previewRows(
      session,
      { files: [schema], mapping, loadedAt },
      { firstRows, shown: request.shown },
    );
    return {
      key: object.key,
      bytes: object.size,
      bytesRead: partial.fetched,
      rows: schema.rows,
      rowsRead: firstRows,
      columns: schema.columns,
      ...rows,
    };
  } catch (error) {
    throw error instanceof SluiceError ? error : (fileFailure(error, object.key) ?? error);
  } finally {
    session.close();
    await partial.close();
  }
}

/** @returns The number of rows. */
async function fetchRowGroups(
  session: DuckDbSession,
  partial: PartialFile,
  file: FileSchema,
): Promise<number> {
  const groups = await rowGroups(session, partial.path);
  if (groups === null) {
    await partial.fetch(0, Number.POSITIVE_INFINITY);
    return file.rows;
  }
  let rows = 0;
  let bytes = 0;
  for (const group of groups) {
    const [first, end] = [Number(group['first']), Number(group['end'])];
    bytes += end - first;
    if (rows > 0 && bytes > PREVIEW_BYTES) break;
    await partial.fetch(first, end);
    rows += Number(group['rows']);
  }
  return rows;
}

/** Offsets of the row groups; null if DuckDB fails because it can't print the statistics. */
async function rowGroups(session: DuckDbSession, path: string): Promise<readonly SessionRow[] | null> {
  try {
    return await session.rows(
      `SELECT any_value(row_group_num_rows) AS rows, min(first) AS first, max(first + total_compressed_size) AS "end"
       FROM (SELECT *, least(nullif(dictionary_page_offset, 0), data_page_offset) AS first
         FROM parquet_metadata(${quoteText(path)})) GROUP BY row_group_id ORDER BY row_group_id`,
    );
  } catch (error) {
    if (duckDbMessage(error).type === 'Conversion') return null;
    throw error;
  }
}

/** A row of a preview: its columns as text. */
export type PreviewRow = Readonly<Record<string, string | null>>;

/** The first rows of files, mapped or refused. */
interface PreviewedRows {
  /** Mapped, in the files' order. */
  readonly mapped: readonly PreviewRow[];
  /** Refused, in the quarantine table's columns. */
  readonly refused: readonly PreviewRow[];
}

/**
 * Maps the first rows of files and writes nothing.
 *
 * @param wanted `firstRows` to map of each file, and the most rows of each kind to return.
 */
async function previewRows(
  session: DuckDbSession,
  request: Pick<LoadRequest, 'files' | 'mapping' | 'loadedAt'>,
  { firstRows, shown }: { readonly firstRows: number; readonly shown: number },
): Promise<PreviewedRows> {
  const looked = { ...request, firstRows };
  const all = new Set(request.files.keys());
  const texts = async (query: string, order: string) =>
    (
      await session.rows(
        `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT * FROM (${query}) ORDER BY ${order} LIMIT ${shown})`,
      )
    ).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? value : null]),
      ),
    );
  return {
    mapped: await texts(acceptedRowsQuery(looked), 'source_file, row_number'),
    // The number of the row stands in front of the rest: `row 12, column …`.
    refused: await texts(
      refusedRowsQuery(looked, all),
      "path, CAST(regexp_extract(detail, '[0-9]+') AS BIGINT)",
    ),
  };
}
