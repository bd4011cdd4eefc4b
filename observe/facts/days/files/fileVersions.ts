import { GetObjectCommand, ListObjectVersionsCommand, type ObjectVersion } from '@aws-sdk/client-s3';
import { MARK_BYTES, PARQUET_MARK } from '../../../../lib/parquet/format/parquetFooter.ts';
import type { Deployment } from '../../../deployment.ts';
import { ifThere } from '../../../ifThere.ts';

/** What S3 has of a key. */
export interface KeyVersions {
  /** Its versions, the newest first, without delete markers. */
  readonly files: readonly ObjectVersion[];
  /** Version IDs of its delete markers, the newest first. */
  readonly markers: readonly string[];
  /** Whether the newest of all is a delete marker: queries do not see the key. */
  readonly isDeleted: boolean;
  /** When that marker was set, ISO 8601; null if it is none, or if S3 does not say it. */
  readonly deletedAt: string | null;
}

/** {@link KeyVersions} of the pages that were read so far. */
interface ReadKey {
  readonly files: ObjectVersion[];
  readonly markers: string[];
  isDeleted: boolean;
  deletedAt: string | null;
}

/** Bytes of the end of a file, which have the footer of a table of ours. */
export const FOOTER_BYTES = 65_536;

/** All versions below a folder, by key. @throws What the client of S3 throws. */
export async function readVersions(
  { s3, config: { bucket: Bucket } }: Pick<Deployment, 's3' | 'config'>,
  Prefix: string,
): Promise<ReadonlyMap<string, KeyVersions>> {
  const versions = new Map<string, ReadKey>();
  const versionsOf = (key: string) => {
    const known: ReadKey = versions.get(key) ?? {
      files: [],
      markers: [],
      isDeleted: false,
      deletedAt: null,
    };
    versions.set(key, known);
    return known;
  };
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const answer = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...after }));
    for (const file of answer.Versions ?? []) versionsOf(file.Key ?? '').files.push(file);
    for (const { Key = '', VersionId = '', IsLatest, LastModified } of answer.DeleteMarkers ?? []) {
      const known = versionsOf(Key);
      known.markers.push(VersionId);
      if (IsLatest !== true) continue;
      known.isDeleted = true;
      known.deletedAt = LastModified?.toISOString() ?? null;
    }
    if (answer.IsTruncated !== true) return versions;
    after = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}

/** Whether an object ends as Parquet does; one that is gone by now counts as such. @throws What the client of S3 throws. */
export async function endsAsParquet(
  deployment: Pick<Deployment, 's3' | 'config'>,
  key: string,
): Promise<boolean> {
  const end = await readEnd(deployment, { key, bytes: MARK_BYTES });
  return end === null || end.toString('latin1') === PARQUET_MARK;
}

/**
 * The last bytes of an object, fewer of a smaller one; null if it is gone by now.
 *
 * @param VersionId Default the newest version.
 * @throws What the client of S3 throws.
 */
export async function readEnd(
  { s3, config: { bucket: Bucket } }: Pick<Deployment, 's3' | 'config'>,
  {
    key: Key,
    VersionId,
    bytes,
  }: { readonly key: string; readonly VersionId?: string | undefined; readonly bytes: number },
): Promise<Buffer | null> {
  // S3 refuses a range of an empty object: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
  const answer = await ifThere(
    s3
      .send(new GetObjectCommand({ Bucket, Key, VersionId, Range: `bytes=-${bytes}` }))
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'InvalidRange') return null;
        throw error;
      }),
  );
  return answer === undefined ? null : Buffer.from((await answer?.Body?.transformToByteArray()) ?? []);
}
