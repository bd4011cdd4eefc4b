import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { FileFailure } from '../../parquet/FileError.ts';
import type { FileColumn } from '../../parquet/FileSchema.ts';
import { ParquetFooter, readEnds } from '../../parquet/parquetFooter.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import { childEngine } from '../engine/childEngine.ts';
import type { PreviewedRows } from '../engine/Engine.ts';
import { PREVIEW_BYTES } from '../limits.ts';
import { compileMapping, type MappingSubject, mappingProblem } from '../mapping/compileMapping.ts';
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
  /** Why the file can't be mapped: no row was. */
  readonly problem: FileFailure | null;
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
 * Maps the first rows of a customer's file as a load would, in a process without credentials. Only the footer and the first
 * row groups are fetched.
 *
 * @throws FileError of a file that can't be read; PreviewError; SourceError.
 */
export async function previewFile(request: PreviewRequest): Promise<Preview> {
  const { bucket, object, subject, path, loadedAt, shown } = request;
  const engine = childEngine(request.limits);
  const partial = await PartialFile.open(bucket, object, path);
  try {
    await partial.fetchFooter();
    const [schema] = await engine.describe([{ path, name: object.key, onlyFooter: true }]);
    if (schema === undefined) throw new RangeError('One file has one schema.');
    if ('problem' in schema) throw schema.problem;
    const { rows: all, columns } = schema;
    const about = { key: object.key, bytes: object.size, rows: all, columns };
    const problem = mappingProblem(subject, schema);
    if (problem !== null)
      return { ...about, bytesRead: partial.fetched, rowsRead: 0, problem, mapped: [], refused: [] };
    const mapping = compileMapping(subject, [schema]);
    const firstRows = await fetchRowGroups(partial);
    const rows = await engine.preview({ file: schema, mapping, loadedAt, firstRows, shown });
    return { ...about, bytesRead: partial.fetched, rowsRead: firstRows, problem, ...rows };
  } finally {
    await partial.close();
  }
}

/** @returns The number of rows. */
async function fetchRowGroups(partial: PartialFile): Promise<number> {
  let rows = 0;
  let bytes = 0;
  for (const group of new ParquetFooter(readEnds(partial.path)).rowGroups) {
    const first = Math.min(...group.chunks.map(({ start }) => start));
    const end = Math.max(...group.chunks.map((chunk) => chunk.start + chunk.bytes));
    bytes += end - first;
    if (rows > 0 && bytes > PREVIEW_BYTES) break;
    await partial.fetch(first, end);
    rows += group.rows;
  }
  return rows;
}
