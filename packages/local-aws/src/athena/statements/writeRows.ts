import { createReadStream, mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { quoteName } from '../../../../../lib/sql/quoteName.ts';
import { quoteText } from '../../../../../lib/sql/quoteText.ts';
import { parseLocation } from '../engine/dataFiles.ts';
import { STATEMENT_LIMITS } from '../engine/limits.ts';
import { statementFailure } from '../engine/statementFailure.ts';
import type { OpenQuery } from './openQuery.ts';
import type { QueryRun } from './queryStatements.ts';

/** A column as it is written: SQL over `q`, the query's columns being `c0`, `c1`, … */
export interface WrittenColumn {
  readonly name: string;
  readonly sql: string;
}

/** What was written. */
export interface Written {
  readonly rows: number;
  readonly scannedBytes: number;
  /** `s3://` locations of the objects. */
  readonly locations: readonly string[];
  /** The values of each partition that rows went to, by the order of its keys. */
  readonly partitions: readonly (readonly string[])[];
}

/**
 * Writes a query's rows as Parquet: to disk first, then as objects.
 *
 * @param keys Names of the columns that name partitions and are left out of the files.
 * @param locationOf Where the rows of a partition go; it ends with a slash.
 */
export async function writeRows(
  open: OpenQuery,
  run: QueryRun,
  into: {
    readonly columns: readonly WrittenColumn[];
    readonly keys: readonly string[];
    readonly compression: string;
    readonly locationOf: (values: readonly string[]) => string;
  },
): Promise<Written> {
  const { session, context, runner } = run;
  const { columns, keys, compression, locationOf } = into;
  const folder = join(session.directory, 'out');
  mkdirSync(folder);
  const names = open.columns.map((_, index) => `c${index}`).join(', ');
  const list = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ');
  const before = `COPY (SELECT ${list} FROM (`;
  const split =
    keys.length === 0 ? '' : `, PARTITION_BY (${keys.map(quoteName).join(', ')}), FILENAME_PATTERN '{i}'`;
  const target = keys.length === 0 ? join(folder, '0.parquet') : folder;
  const copy = `${before}${open.sql}) AS q(${names})) TO ${quoteText(target)} (FORMAT parquet, COMPRESSION ${compression}${split})`;
  try {
    const scannedBytes = await open.fill();
    const rows = Number((await session.read(copy)).getRowsJS()[0]?.[0] ?? 0);
    const partitions = new Map<string, readonly string[]>();
    const locations: string[] = [];
    const files =
      rows === 0
        ? []
        : readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const [index, file] of files.entries()) {
      const path = join(file.parentPath, file.name);
      const values =
        keys.length === 0 ? [] : relative(folder, file.parentPath).split('/').map(partitionValue);
      partitions.set(JSON.stringify(values), values);
      if (partitions.size > STATEMENT_LIMITS.writtenPartitions) {
        throw statementFailure(
          'HIVE_TOO_MANY_OPEN_PARTITIONS',
          `Exceeded limit of ${STATEMENT_LIMITS.writtenPartitions} open writers for partitions/buckets`,
        );
      }
      context.signal.throwIfAborted();
      const place = parseLocation(locationOf(values));
      if (place === undefined)
        throw statementFailure('INVALID_TABLE_PROPERTY', `Not an S3 location: ${locationOf(values)}`);
      const key = `${place.folder}${context.executionId}_${index}`;
      context.onCall({ service: 's3', operation: 'PutObject', bucket: place.bucket, key });
      await runner.store.put(place.bucket, key, createReadStream(path));
      locations.push(`s3://${place.bucket}/${key}`);
    }
    return { rows, scannedBytes, locations, partitions: keys.length === 0 ? [] : [...partitions.values()] };
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : open.failure(error, before.length);
  } finally {
    session.close();
  }
}

/** The value in a folder's name: `ds=2026-11-20`. */
function partitionValue(folder: string): string {
  return decodeURIComponent(folder.slice(folder.indexOf('=') + 1));
}
