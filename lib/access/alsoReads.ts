import { parseArn } from '../base/arn.ts';
import { type Location, locationParts } from '../base/s3Location.ts';
import type { AlsoReads } from '../schema/fields/alsoReads.ts';
import type { Reader } from '../schema/readers.ts';
import { arnIn, bucketArn, databaseArns, kmsViaS3, objectsArn, type PolicyScope } from './arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import { READ_MORE_OF_TABLES, READ_TABLES } from './readerStatements.ts';

/**
 * The policy that `alsoReads` adds to a reader's narrow policy: it may read the catalogue and the files of these
 * tables, and nothing else. Undefined without `alsoReads`.
 */
export function alsoReadsPolicy(
  scope: PolicyScope,
  { kind, alsoReads }: Pick<Reader, 'kind' | 'alsoReads'>,
): PolicyDocument | undefined {
  if (alsoReads.length === 0) return undefined;
  const locations = alsoReads.flatMap((entry) => entry.locations.map(locationParts));
  return policyDocument([
    readTables(scope, kind, alsoReads),
    ...(locations.length === 0 ? [] : readFiles(scope, locations)),
    ...useKeys(alsoReads.flatMap(({ kmsKeyArn }) => kmsKeyArn ?? [])),
  ]);
}

/**
 * Reads the catalogue. Metabase lists the tables of every database anyway, and its document reads versions of tables,
 * too.
 */
function readTables(scope: PolicyScope, kind: Reader['kind'], alsoReads: readonly AlsoReads[]): Statement {
  const actions = kind === 'metabase' ? READ_MORE_OF_TABLES : READ_TABLES;
  const arns = alsoReads.flatMap(({ database, tables = ['*'] }) => [
    ...databaseArns(scope, database),
    ...tables.map((table) => arnIn(scope, 'glue', `table/${database}/${table}`)),
  ]);
  return allow('AlsoReadTables', actions, [...new Set(arns)]);
}

/** Athena asks where a bucket is, lists a location, and reads its files. Each bucket has a statement for its own folders. */
function readFiles(scope: PolicyScope, locations: readonly Location[]): Statement[] {
  const byBucket = [...foldersByBucket(locations)];
  return [
    allow(
      'AlsoReadRows',
      ['s3:GetObject'],
      byBucket.flatMap(([bucket, folders]) => folders.map((folder) => objectsArn(scope, bucket, folder))),
    ),
    ...byBucket.map(([bucket, folders], i) =>
      allow(
        `AlsoListFolders${i + 1}`,
        ['s3:ListBucket'],
        [bucketArn(scope, bucket)],
        folders.includes('')
          ? undefined
          : { StringLike: { 's3:prefix': folders.map((folder) => `${folder}*`) } },
      ),
    ),
    allow(
      'AlsoLocateBuckets',
      ['s3:GetBucketLocation'],
      byBucket.map(([bucket]) => bucketArn(scope, bucket)),
    ),
  ];
}

/** The folders of each bucket, each once. */
function foldersByBucket(locations: readonly Location[]): ReadonlyMap<string, readonly string[]> {
  const byBucket = Map.groupBy(locations, ({ bucket }) => bucket);
  return new Map(
    [...byBucket].map(([bucket, locationsInBucket]) => [
      bucket,
      [...new Set(locationsInBucket.map(({ folder }) => folder))],
    ]),
  );
}

/** Uses keys only through S3 in the key's region, which is also the region of its bucket. */
function useKeys(keyArns: readonly string[]): Statement[] {
  const byRegion = Map.groupBy([...new Set(keyArns)], (arn) => parseArn(arn).region);
  return [...byRegion].map(([region, arns], i) =>
    allow(`AlsoUseKeys${i + 1}`, ['kms:Decrypt'], arns, {
      StringEquals: { 'kms:ViaService': kmsViaS3({ region }) },
    }),
  );
}

/** A bucket of another account that readers read, and who has to allow it. */
interface ForeignBucket {
  /** The name of the bucket. */
  readonly bucket: string;
  /** The account that owns it, twelve digits. */
  readonly owner: string;
  /** Each folder has a slash at its end. An empty folder is the whole bucket. */
  readonly folders: readonly string[];
  /** ARNs of the keys that its objects are encrypted with; none if no key of KMS encrypts them. */
  readonly kmsKeyArns: readonly string[];
}

/** The buckets of other accounts that a reader reads. */
export function foreignBuckets({ alsoReads }: Pick<Reader, 'alsoReads'>): readonly ForeignBucket[] {
  const buckets = new Map<string, { owner: string; folders: Set<string>; kmsKeyArns: Set<string> }>();
  for (const { owner, locations, kmsKeyArn } of alsoReads) {
    if (owner === undefined) continue;
    for (const { bucket, folder } of locations.map(locationParts)) {
      const known = buckets.get(bucket) ?? { owner, folders: new Set(), kmsKeyArns: new Set() };
      known.folders.add(folder);
      if (kmsKeyArn !== undefined) known.kmsKeyArns.add(kmsKeyArn);
      buckets.set(bucket, known);
    }
  }
  return [...buckets].map(([bucket, { owner, folders, kmsKeyArns }]) => ({
    bucket,
    owner,
    folders: [...folders],
    kmsKeyArns: [...kmsKeyArns],
  }));
}
