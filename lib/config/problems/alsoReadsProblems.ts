import { alsoReadsPolicy } from '../../access/alsoReads.ts';
import { policyScope } from '../../access/arns.ts';
import { ACCESS_LIMITS } from '../../access/policyDocument.ts';
import { parseArn } from '../../base/arn.ts';
import { locationParts } from '../../base/s3Location.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import type { AlsoReads } from '../../schema/fields/alsoReads.ts';
import { ownDatabaseOf, type Reader } from '../../schema/readers.ts';

/** The members that hold names which readers may read or write beside. */
export type ReaderNames = Pick<
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
  | 'existing'
>;

/** Problems of what readers read besides Sluice's data. */
export function alsoReadsProblems(config: ReaderNames): ConfigProblem[] {
  return config.readers.flatMap((reader, i) => [
    ...reader.alsoReads.flatMap((entry, j) => entryProblems(entry, `readers.${i}.alsoReads.${j}`, config)),
    ...ownerProblems(reader, `readers.${i}`),
    ...lengthProblems(reader, `readers.${i}`, config),
    ...policyProblems(reader, `readers.${i}`, config),
  ]);
}

/** What is wrong with one entry of `alsoReads`. */
function entryProblems(entry: AlsoReads, field: string, config: ReaderNames): ConfigProblem[] {
  const { account, database, athena, readers } = config;
  const databases = new Map([
    [database, '`database`'],
    [athena.stagingDatabase, '`athena.stagingDatabase`'],
    ...readers.flatMap((reader, i): [string, string][] => {
      const ownDatabase = ownDatabaseOf(reader);
      return ownDatabase === null ? [] : [[ownDatabase, `\`readers.${i}.ownDatabase\``]];
    }),
  ]);
  const buckets = new Map([
    [config.bucket, '`bucket`'],
    ...(config.statsigBucket === null ? [] : [[config.statsigBucket.bucket, '`statsigBucket`'] as const]),
    ...readers.flatMap((reader, i): [string, string][] =>
      reader.kind === 'owox' ? [[reader.resultsBucket, `\`readers.${i}.resultsBucket\``]] : [],
    ),
  ]);
  const owner = databases.get(entry.database);
  return [
    ...(owner === undefined
      ? []
      : [
          unexpected(
            `${field}.database`,
            entry.database,
            `another database than ${owner}: a reader has Sluice's own without this, and no more of them`,
          ),
        ]),
    ...entry.locations.flatMap((location, k) => {
      const { bucket, folder } = locationParts(location);
      const refused = (expected: string) => unexpected(`${field}.locations.${k}`, location, expected);
      const bucketOwner = buckets.get(bucket);
      if (bucketOwner !== undefined)
        return [
          refused(
            `a location outside of ${bucketOwner}: a reader has Sluice's own tables without this, and must not read the rest`,
          ),
        ];
      return folder === '' && !entry.wholeBucket
        ? [
            refused(
              'a folder in the bucket, or `wholeBucket: true`: a whole bucket is read with all that is put there later',
            ),
          ]
        : [];
    }),
    ...(entry.locations.length > 0
      ? []
      : (['kmsKeyArn', 'owner'] as const)
          .filter((member) => entry[member] !== undefined)
          .map((member) => ({ field: `${field}.${member}`, text: `expected none without \`locations\`.` }))),
    ...(entry.owner !== undefined && entry.owner === account
      ? [unexpected(`${field}.owner`, account, 'none: the deployment is in that account')]
      : []),
  ];
}

/** Problems of owners that differ for the same bucket: a bucket has one owner. */
function ownerProblems({ alsoReads }: Reader, field: string): ConfigProblem[] {
  const owners = new Map<string, { readonly owner: string | undefined; readonly where: string }>();
  return alsoReads.flatMap((entry, j) =>
    entry.locations.flatMap((location, k) => {
      const { bucket } = locationParts(location);
      const where = `alsoReads.${j}.locations.${k}`;
      const first = owners.get(bucket) ?? { owner: entry.owner, where };
      owners.set(bucket, first);
      return first.owner === entry.owner
        ? []
        : [unexpected(`${field}.${where}`, location, `the \`owner\` of ${first.where}: a bucket has one`)];
    }),
  );
}

/**
 * Problems of policies that are too long. IAM does not count white space. The account's ID is not known here, so zeros
 * of the same length stand for it.
 */
function lengthProblems(reader: Reader, field: string, config: ReaderNames): ConfigProblem[] {
  const account = '0'.repeat(12);
  const scope = policyScope(config, { partition: 'aws', account, region: config.region, keyArn: null });
  const length = JSON.stringify(alsoReadsPolicy(scope, reader) ?? '').length;
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

/** Policies that are named twice, or that IAM can't attach because they are of another account. */
function policyProblems({ policies }: Reader, field: string, { account }: ReaderNames): ConfigProblem[] {
  return policies.flatMap((arn, j) => {
    const first = policies.indexOf(arn);
    if (first < j) return [unexpected(`${field}.policies.${j}`, arn, `another than policies.${first}`)];
    return account === null || parseArn(arn).account === account
      ? []
      : [
          unexpected(
            `${field}.policies.${j}`,
            arn,
            `a policy of the account ${account}, which is deployed to: IAM attaches no other`,
          ),
        ];
  });
}
