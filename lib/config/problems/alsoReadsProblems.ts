import { alsoReadsPolicy } from '../../access/alsoReads.ts';
import { policyScope } from '../../access/arns.ts';
import { ACCESS_LIMITS } from '../../access/policyDocument.ts';
import { locationParts } from '../../base/s3Location.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import type { AlsoReads } from '../../schema/fields/alsoReads.ts';
import { ownDatabaseOf, type Reader } from '../../schema/readers.ts';

/** What of the configuration `alsoReads` of its readers is compared with. */
export type AlsoReadsConfig = Pick<
  Config,
  | 'readers'
  | 'bucket'
  | 'statsigBucket'
  | 'database'
  | 'athena'
  | 'account'
  | 'region'
  | 'statsigFolder'
  | 'formerStatsigFolders'
>;

/** Problems of what readers read besides Sluice's data. */
export function alsoReadsProblems(config: AlsoReadsConfig): ConfigProblem[] {
  const databases = usedDatabases(config);
  const buckets = usedBuckets(config);
  return [
    ...config.readers.flatMap((reader, i) => [
      ...reader.alsoReads.flatMap((entry, j) => {
        const field = `readers.${i}.alsoReads.${j}`;
        return [
          ...databaseProblems(entry, field, databases),
          ...locationProblems(entry, field, buckets),
          ...accountProblems(entry, field, config),
        ];
      }),
      ...lengthProblems(reader, `readers.${i}`, config),
    ]),
    ...ownerProblems(config),
  ];
}

/** The databases of the deployment, each with the field that names it. */
function usedDatabases({ database, athena, readers }: AlsoReadsConfig): ReadonlyMap<string, string> {
  const used = new Map([
    [database, 'database'],
    [athena.stagingDatabase, 'athena.stagingDatabase'],
  ]);
  for (const [i, reader] of readers.entries()) {
    const ownDatabase = ownDatabaseOf(reader);
    if (ownDatabase !== null) used.set(ownDatabase, `readers.${i}.ownDatabase`);
  }
  return used;
}

/** The buckets of the deployment, each with the field that names it. */
function usedBuckets({ bucket, statsigBucket, readers }: AlsoReadsConfig): ReadonlyMap<string, string> {
  const used = new Map([[bucket, 'bucket']]);
  if (statsigBucket !== null) used.set(statsigBucket.bucket, 'statsigBucket');
  for (const [i, reader] of readers.entries())
    if (reader.kind === 'owox') used.set(reader.resultsBucket, `readers.${i}.resultsBucket`);
  return used;
}

/** A database of the deployment. */
function databaseProblems(
  { database }: AlsoReads,
  field: string,
  used: ReadonlyMap<string, string>,
): ConfigProblem[] {
  const usedBy = used.get(database);
  if (usedBy === undefined) return [];
  const expected = `another database than \`${usedBy}\`: without this, a reader has all that it may read there`;
  return [unexpected(`${field}.database`, database, expected)];
}

/** Locations in buckets of the deployment, and whole buckets that are not said to be meant. */
function locationProblems(
  { locations, wholeBucket }: AlsoReads,
  field: string,
  used: ReadonlyMap<string, string>,
): ConfigProblem[] {
  return locations.flatMap((location, k) => {
    const { bucket, folder } = locationParts(location);
    const refused = (expected: string) => unexpected(`${field}.locations.${k}`, location, expected);
    const usedBy = used.get(bucket);
    if (usedBy !== undefined)
      return [
        refused(`a location outside of \`${usedBy}\`: without this, a reader has all that it may read there`),
      ];
    return folder === '' && !wholeBucket
      ? [
          refused(
            'a folder in the bucket, or `wholeBucket: true`: a whole bucket is read with all that is put there later',
          ),
        ]
      : [];
  });
}

/** A key or an owner of no location, and an owner that is the deployment's account. */
function accountProblems(
  entry: AlsoReads,
  field: string,
  { account }: Pick<Config, 'account'>,
): ConfigProblem[] {
  const ofLocations = (['kmsKeyArn', 'owner'] as const).filter((member) => entry[member] !== undefined);
  return [
    ...(entry.locations.length > 0 ? [] : ofLocations).map((member) => ({
      field: `${field}.${member}`,
      text: 'expected none without `locations`.',
    })),
    ...(entry.owner === account
      ? [unexpected(`${field}.owner`, account, 'none: the deployment is in that account')]
      : []),
  ];
}

/** Owners that differ for the same bucket, also in entries of several readers: a bucket has one owner. */
function ownerProblems({ readers }: AlsoReadsConfig): ConfigProblem[] {
  const entries = readers.flatMap(({ alsoReads }, i) =>
    alsoReads.map((entry, j) => ({ ...entry, field: `readers.${i}.alsoReads.${j}` })),
  );
  const firsts = new Map<string, { readonly owner: string | undefined; readonly field: string }>();
  return entries.flatMap(({ owner, locations, field }) => {
    const buckets = new Set(locations.map((location) => locationParts(location).bucket));
    return [...buckets].flatMap((bucket) => {
      const first = firsts.get(bucket) ?? { owner, field };
      firsts.set(bucket, first);
      if (first.owner === owner) return [];
      return [
        unexpected(`${field}.owner`, owner, `that of ${first.field}: the bucket ${bucket} has one owner`),
      ];
    });
  });
}

/**
 * Problems of policies that are too long. IAM does not count white space. The account's ID may not be known, so zeros of the
 * same length stand for it.
 */
function lengthProblems(reader: Reader, field: string, config: AlsoReadsConfig): ConfigProblem[] {
  const account = '0'.repeat(12);
  const scope = policyScope(config, { partition: 'aws', account, region: config.region, keyArn: null });
  const policy = alsoReadsPolicy(scope, reader);
  if (policy === undefined) return [];
  const { length } = JSON.stringify(policy);
  const most = ACCESS_LIMITS.managedPolicyCharacters;
  return length <= most
    ? []
    : [
        {
          field: `${field}.alsoReads`,
          text: `got ${length} characters of policy, expected at most ${most}: leave out \`tables\` of databases that are read whole, name a folder above several, or give a policy of yours in \`policies\`.`,
        },
      ];
}
