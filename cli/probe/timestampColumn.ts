import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../../lib/base/sql.ts';

/** A file ends with the footer, its length in 4 bytes, and `PAR1`: https://parquet.apache.org/docs/file-format/ */
const TAIL_BYTES = 8;
const MAGIC = Buffer.from('PAR1');

/** Bytes that are read from the end: the footer of Sluice's files has a few thousand. */
const FIRST_FETCH_BYTES = 65_536;

/** No file of Sluice has a larger footer. */
const MAX_FOOTER_BYTES = 16 * 1_024 * 1_024;

/** The type of the column `timestamp` in a footer. */
export interface TimestampColumn {
  /** `INT96`, or `INT64` with its annotation. */
  readonly text: string;
  /** Whether readers of Parquet take that for a time. */
  readonly isTime: boolean;
}

/**
 * Reads the type of the column `timestamp` from the footer of a Parquet file.
 *
 * @throws TypeError when it is not a Parquet file, or has no such column.
 */
export async function timestampColumn(s3: S3Client, bucket: string, key: string): Promise<TimestampColumn> {
  const { size, footer } = await readFooter(s3, bucket, key);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-probe-'));
  try {
    // DuckDB reads the footer from a file: this one has the right length, and only its ends are filled.
    const file = join(directory, 'footer.parquet');
    const handle = await open(file, 'w');
    try {
      await handle.truncate(size);
      await handle.write(MAGIC, 0, MAGIC.length, 0);
      await handle.write(footer, 0, footer.length, size - footer.length);
    } finally {
      await handle.close();
    }
    return await readSchema(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function readSchema(file: string): Promise<TimestampColumn> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(
      `SELECT "type", converted_type, logical_type FROM parquet_schema(${quoteText(file)}) WHERE name = 'timestamp'`,
    );
    const [column] = reader.getRowObjectsJson();
    if (column === undefined) throw new TypeError('The file has no column timestamp.');
    const type = String(column['type']);
    // The converted type is the older form of the logical type; nanoseconds only have the latter.
    const annotation = column['converted_type'] ?? column['logical_type'];
    const text = annotation === null ? type : `${type} ${String(annotation)}`;
    return { text, isTime: isTimestampType(type, annotation === null ? '' : String(annotation)) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function readFooter(s3: S3Client, bucket: string, key: string) {
  const end = await fetchEnd(s3, bucket, key, FIRST_FETCH_BYTES);
  const { bytes } = end;
  if (bytes.length < TAIL_BYTES + MAGIC.length || !bytes.subarray(-MAGIC.length).equals(MAGIC))
    throw new TypeError('The object is not a Parquet file.');
  const wanted = bytes.readUInt32LE(bytes.length - TAIL_BYTES) + TAIL_BYTES;
  if (wanted > MAX_FOOTER_BYTES || wanted > end.size)
    throw new TypeError('The length of the footer is not valid.');
  const { bytes: enough, size } = wanted <= bytes.length ? end : await fetchEnd(s3, bucket, key, wanted);
  return { size, footer: enough.subarray(enough.length - wanted) };
}

async function fetchEnd(s3: S3Client, Bucket: string, Key: string, bytes: number) {
  const { Body, ContentRange = '' } = await s3.send(
    new GetObjectCommand({ Bucket, Key, Range: `bytes=-${bytes}` }),
  );
  const fetched = Buffer.from((await Body?.transformToByteArray()) ?? []);
  return { bytes: fetched, size: Number(/\/(\d+)$/.exec(ContentRange)?.[1] ?? fetched.length) };
}

/**
 * Whether Athena reads a Parquet column of this type as a time: INT96, or INT64 with such an annotation.
 *
 * @param type Physical type.
 * @param annotation Its converted or logical type, as DuckDB prints it; '' if it has none.
 */
export function isTimestampType(type: string, annotation: string): boolean {
  return type === 'INT96' || (type === 'INT64' && /timestamp/i.test(annotation));
}
