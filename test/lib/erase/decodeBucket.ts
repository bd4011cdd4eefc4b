import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { duckDb } from '../../harness/duckDb.ts';

/** One version of an object with its bytes and everything that can be read in them. */
export interface DecodedVersion {
  /** Key of the object. */
  readonly key: string;
  /** ID of the version. */
  readonly versionId: string;
  /** Whether readers get this version. */
  readonly isLatest: boolean;
  /** Lower-case hex SHA-256 of the bytes. */
  readonly digest: string;
  /** The bytes as Latin-1, and whatever is compressed or encoded in them as text. */
  readonly texts: readonly string[];
  /** Rows of Parquet files, as JSON; null of other objects. */
  readonly rows: readonly string[] | null;
}

/** A bucket, and a folder for the files that are read. */
export interface Decoding {
  /** A client that may read all versions. */
  readonly s3: S3Client;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Path of a folder that exists. */
  readonly directory: string;
}

/** Every version of every object, but for state. */
export async function decodeBucket(from: Decoding): Promise<readonly DecodedVersion[]> {
  const decoded: DecodedVersion[] = [];
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page: ListObjectVersionsCommandOutput = await from.s3.send(
      new ListObjectVersionsCommand({ Bucket: from.bucket, ...marker }),
    );
    for (const { Key: key = '', VersionId: versionId = '', IsLatest } of page.Versions ?? [])
      if (!key.startsWith('ledger/'))
        decoded.push(await decodeOne(from, { key, versionId, isLatest: IsLatest === true }));
    if (page.IsTruncated !== true) return decoded;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

/** Reads and decodes one version. */
async function decodeOne(
  { s3, bucket, directory }: Decoding,
  { key, versionId, isLatest }: Pick<DecodedVersion, 'key' | 'versionId' | 'isLatest'>,
): Promise<DecodedVersion> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  const isParquet = bytes.subarray(0, 4).toString('latin1') === 'PAR1';
  const rows = isParquet ? await rowsOf(bytes, directory) : null;
  return {
    key,
    versionId,
    isLatest,
    rows,
    digest: createHash('sha256').update(bytes).digest('hex'),
    texts: [
      bytes.toString('latin1'),
      ...unpack(bytes),
      ...(rows ?? []).flatMap((row) => [row, ...unpackRaw(row)]),
    ],
  };
}

/** The rows of a Parquet file, as JSON. */
async function rowsOf(bytes: Buffer, directory: string): Promise<readonly string[]> {
  const path = join(directory, 'decoded.parquet');
  writeFileSync(path, bytes);
  try {
    const rows = await duckDb(`SELECT CAST(to_json(t) AS VARCHAR) AS row FROM read_parquet('${path}') t`);
    return rows.map((row) => String(row['row']));
  } finally {
    rmSync(path);
  }
}

/** Decodes the compressed or encoded parts of an object that is not Parquet. */
function unpack(bytes: Buffer): string[] {
  // Of a damaged object, all that can be read.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    return [gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8')];
  return [...bytes.toString('utf8').matchAll(/"body":"([A-Za-z0-9+/=]+)"/g)].map(([, data = '']) =>
    decodeBase64(data),
  );
}

/** Decodes the encoded part of a row of quarantine. */
function unpackRaw(row: string): string[] {
  const { raw, raw_encoding: encoding } = JSON.parse(row);
  return encoding === 'base64' ? [decodeBase64(String(raw))] : [];
}

/** The text of a body in base64, which may be compressed. */
function decodeBase64(data: string): string {
  const bytes = Buffer.from(data, 'base64');
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
}
