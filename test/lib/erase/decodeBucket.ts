import { isUtf8 } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { parseJson } from '../../../lib/base/json.ts';
import { duckDb } from '../../harness/duckDb.ts';

/** One version of an object, and what can be read in it. */
export interface DecodedVersion {
  /** Key of the object. */
  readonly key: string;
  /** ID of the version. */
  readonly versionId: string;
  /** Whether readers get this version. */
  readonly isLatest: boolean;
  /** Lower-case hex SHA-256 of the bytes. */
  readonly digest: string;
  /**
   * The bytes as Latin-1. Of a Parquet file then its rows, of another object its text, both with what is encoded in them: bodies in
   * base64, which may be compressed by gzip or zstd.
   */
  readonly texts: readonly string[];
  /** Rows of Parquet files, as JSON; null of other objects. */
  readonly rows: readonly string[] | null;
}

/** A bucket, and a folder for the files that are read. */
interface Decoding {
  /** A client that may read all versions. */
  readonly s3: S3Client;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Path of a folder that exists. */
  readonly directory: string;
}

/** The ledger is left out: its entries change with every run and have no rows. Who asks it does so by itself. */
const LEDGER = 'ledger/';

/**
 * Every version of every object, but those of the ledger.
 *
 * @throws RangeError for a body that is neither a text nor compressed in a way that is read here. What S3's client throws.
 */
export async function decodeBucket(from: Decoding): Promise<readonly DecodedVersion[]> {
  const decoded: DecodedVersion[] = [];
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page: ListObjectVersionsCommandOutput = await from.s3.send(
      new ListObjectVersionsCommand({ Bucket: from.bucket, ...marker }),
    );
    for (const { Key: key = '', VersionId: versionId = '', IsLatest } of page.Versions ?? []) {
      if (key.startsWith(LEDGER)) continue;
      decoded.push(await decodeOne(from, { key, versionId, isLatest: IsLatest === true }));
    }
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
    texts: [bytes.toString('latin1'), ...(rows ?? [inflate(bytes).toString('utf8')]).flatMap(withEncoded)],
  };
}

/** The first bytes of zstd, as a number: RFC 8878, 3.1.1. */
const ZSTD = 0xfd2fb528;

/** The members of a row that may have a refused body. */
const refused = z.object({ raw: z.string().nullish(), raw_encoding: z.string().nullish() });
/** The members of a line that may have a body: relay's copy, a row of a table, or one that waits for its table. */
const encodedLine = refused.extend({ body: z.string().optional(), row: refused.optional() });

/** The rows of a Parquet file, as JSON. */
async function rowsOf(bytes: Buffer, directory: string): Promise<readonly string[]> {
  const path = join(directory, `${randomUUID()}.parquet`);
  writeFileSync(path, bytes);
  try {
    const rows = await duckDb(`SELECT CAST(to_json(t) AS VARCHAR) AS row FROM read_parquet('${path}') t`);
    return rows.map((row) => String(row['row']));
  } finally {
    rmSync(path);
  }
}

/** The bytes that were compressed, if these are; of damaged ones as many as can be read. */
function inflate(bytes: Buffer): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.length >= 4 && bytes.readUInt32LE(0) === ZSTD ? zstdDecompressSync(bytes) : bytes;
}

/** A text, and the text of each body that is encoded in it. */
function withEncoded(text: string): readonly string[] {
  return [text, ...text.split('\n').flatMap(encodedIn).map(decodeBody)];
}

/** What a line has in base64: the body of relay's copy of a request, or the refused body of a row, also of one that waits. */
function encodedIn(line: string): readonly string[] {
  const { body, row, ...own } = encodedLine.safeParse(parseJson(line)).data ?? {};
  const { raw, raw_encoding } = row ?? own;
  return [body, raw_encoding === 'base64' ? raw : null].filter((data) => typeof data === 'string');
}

/** The text of a body in base64. @throws RangeError if it is none. */
function decodeBody(data: string): string {
  const bytes = inflate(Buffer.from(data, 'base64'));
  if (!isUtf8(bytes)) throw new RangeError(`The body ${data.slice(0, 40)} is compressed in an unknown way.`);
  return bytes.toString('utf8');
}
