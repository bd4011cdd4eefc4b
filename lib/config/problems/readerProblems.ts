import { parseArn } from '../../base/arn.ts';
import { locationParts, overlap } from '../../base/s3Location.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { isRoot } from '../../schema/formats.ts';
import {
  type MetabaseReader,
  namedIdentity,
  ownDatabaseOf,
  type Reader,
  type RoleReader,
} from '../../schema/readers.ts';
import { MADE_TABLES_FOLDER, RESERVED_FOLDERS } from '../../tables/objectKeys.ts';
import { statsigFolders } from '../../tables/tableFolders.ts';
import { type AlsoReadsConfig, alsoReadsProblems } from './alsoReadsProblems.ts';
import { TakenNames } from './TakenNames.ts';

/** What of the configuration is compared with its readers. */
type ReaderConfig = AlsoReadsConfig & Pick<Config, 'encryption' | 'sources' | 'exports'>;

/** Problems of `readers` that no field shows alone. */
export function readerProblems(config: ReaderConfig): ConfigProblem[] {
  return [
    ...config.readers.flatMap((reader, i) => ownProblems(reader, `readers.${i}`)),
    ...config.readers.flatMap((reader, i) => keyProblems(reader, `readers.${i}`, config)),
    ...config.readers.flatMap((reader, i) => workgroupProblems(reader, `readers.${i}`, config)),
    ...config.readers.flatMap((reader, i) => resultProblems(reader, `readers.${i}`, config)),
    ...sharedNames(config),
    ...sharedIds(config.readers),
    ...sharedResults(config),
    ...alsoReadsProblems(config),
    ...config.readers.flatMap((reader, i) => policyProblems(reader, `readers.${i}`, config)),
  ];
}

/** Members of a reader that contradict each other. */
function ownProblems(reader: Reader, field: string): ConfigProblem[] {
  if (reader.kind === 'owox')
    return reader.resultsKeyArn === undefined || reader.existingResultsBucket
      ? []
      : [
          {
            field: `${field}.resultsKeyArn`,
            text: `expected none without \`existingResultsBucket: true\`: the stack encrypts its bucket as \`bucket\`.`,
          },
        ];
  return reader.as === 'user'
    ? roleMembers(reader).map((member) => ({
        field: `${field}.${member}`,
        text: `expected none: a user signs in with access keys, nobody assumes it.`,
      }))
    : roleProblems(reader, field);
}

/** A key administrator where no key of KMS encrypts the bucket. */
function keyProblems(
  reader: Reader,
  field: string,
  { encryption }: Pick<Config, 'encryption'>,
): ConfigProblem[] {
  return encryption === 's3' && reader.kind === 'statsig' && reader.keyAdministrator
    ? [
        {
          field: `${field}.keyAdministrator`,
          text: `expected false with \`encryption: 's3'\`: there is no key.`,
        },
      ]
    : [];
}

/** Maximum length of a workgroup's name. https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
const WORKGROUP_CHARACTERS = 128;

/**
 * Problems of names. The name of a reader's workgroup is made of both names, and its results are in a folder of its
 * name beside those of people.
 */
function workgroupProblems(
  reader: Reader,
  field: string,
  { athena: { workgroup } }: Pick<Config, 'athena'>,
): ConfigProblem[] {
  if (reader.kind === 'owox' || reader.workgroup !== undefined) return [];
  const most = WORKGROUP_CHARACTERS - reader.name.length - 1;
  return [
    ...(`${reader.name}/` === MADE_TABLES_FOLDER
      ? [
          unexpected(
            `${field}.name`,
            reader.name,
            'another name, as Athena puts tables into the folder of this name',
          ),
        ]
      : []),
    ...(workgroup.length > most
      ? [
          {
            field: 'athena.workgroup',
            text: `got ${workgroup.length} characters, expected at most ${most}, as ${field}.name is added for its own.`,
          },
        ]
      : []),
  ];
}

/** Checks a reader's workgroup and location. Its folder must not be shared with other readers or with Sluice. */
function resultProblems(reader: Reader, field: string, config: ReaderConfig): ConfigProblem[] {
  if (reader.kind === 'owox') return [];
  const { bucket, athena, readers } = config;
  const made = [athena.workgroup, ...readers.map(({ name }) => `${athena.workgroup}_${name}`)];
  const problems =
    reader.workgroup !== undefined && made.includes(reader.workgroup)
      ? [
          unexpected(
            `${field}.workgroup`,
            reader.workgroup,
            "`primary` or a workgroup that is not Sluice's: without this field the reader has one of its own",
          ),
        ]
      : [];
  if (reader.kind !== 'statsig' || reader.resultLocation === undefined) return problems;
  const location = locationParts(reader.resultLocation);
  const refused = (expected: string) =>
    unexpected(`${field}.resultLocation`, reader.resultLocation, expected);
  const [top = ''] = location.folder.split('/');
  if (location.bucket !== bucket || location.folder === '')
    return [...problems, refused(`a folder in \`bucket\`, such as s3://${bucket}/statsig-results/`)];
  return RESERVED_FOLDERS.has(top) ||
    statsigFolders(config).some((folder) => overlap(location, { bucket, folder: `${folder}/` }))
    ? [...problems, refused(`a folder outside of ${top}/, which has another use`)]
    : problems;
}

/** Problems of readers that share a folder of results: each could read, replace and delete the results of the other. */
function sharedResults({ readers }: ReaderConfig): ConfigProblem[] {
  const located = readers.flatMap((reader, i) =>
    reader.kind === 'statsig' && reader.resultLocation !== undefined
      ? [{ i, text: reader.resultLocation, location: locationParts(reader.resultLocation) }]
      : [],
  );
  return located.flatMap(({ i, text, location }, n) => {
    const other = located.slice(0, n).find((earlier) => overlap(earlier.location, location));
    return other === undefined
      ? []
      : [
          unexpected(
            `readers.${i}.resultLocation`,
            text,
            `a folder apart from the folder of readers.${other.i}`,
          ),
        ];
  });
}

/** The members of a reader that were given although only a role has them. */
function roleMembers(reader: RoleReader): string[] {
  const { principal, externalId, allowNoExternalId } = reader;
  return [
    ...(principal === undefined ? [] : ['principal']),
    ...(externalId === undefined ? [] : ['externalId']),
    ...(allowNoExternalId ? ['allowNoExternalId'] : []),
  ];
}

/** Members that a reader's role needs, or must not have. */
function roleProblems(reader: RoleReader, field: string): ConfigProblem[] {
  if (reader.kind !== 'statsig') return assumedProblems(reader, field);
  const problems: ConfigProblem[] = [];
  if (reader.principal === undefined) {
    problems.push(
      unexpected(
        `${field}.principal`,
        undefined,
        "Statsig's account ID of 12 digits, or the ARN of its role or user",
      ),
    );
  }
  if (reader.externalId === undefined && !reader.allowNoExternalId) {
    problems.push(
      unexpected(
        `${field}.externalId`,
        undefined,
        "the external ID in Statsig's console, or allowNoExternalId: true",
      ),
    );
  }
  return problems;
}

/**
 * Problems of who may assume a reader's role. A service sends no external ID, and if a root is named without one,
 * everybody in its account is let in.
 */
function assumedProblems(
  { principal, externalId, allowNoExternalId }: MetabaseReader,
  field: string,
): ConfigProblem[] {
  if (principal === undefined)
    return [unexpected(`${field}.principal`, undefined, 'ec2, ecs-tasks, or the ARN of a role or user')];
  if (!principal.startsWith('arn:') && externalId !== undefined)
    return [{ field: `${field}.externalId`, text: `expected none: ${principal} sends none.` }];
  if (isRoot(principal) && externalId === undefined && !allowNoExternalId)
    return [
      unexpected(
        `${field}.principal`,
        principal,
        'the ARN of a role or user, or an externalId beside a root, or allowNoExternalId: true',
      ),
    ];
  return [];
}

/** Names that must be unique: those of readers, and of buckets and databases that belong to one reader. */
function sharedNames({ readers, bucket, database, athena, sources, exports }: ReaderConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = new TakenNames(problems, 'name');
  const identities = new TakenNames(problems, 'name');
  // OWOX may delete what is in its bucket, so the bucket must not be one that others use.
  const buckets = new TakenNames(problems, 'bucket', [
    ...sources.map((source, i) => [source.bucket, `sources.${i}.bucket`] as const),
    ...exports.map(({ target }, i) => [target.bucket, `exports.${i}.target.bucket`] as const),
    [bucket, 'bucket'],
  ]);
  // Athena looks at `default` for everyone, and most accounts have it already.
  const databases = new TakenNames(problems, 'database', [
    [database, 'database'],
    [athena.stagingDatabase, 'athena.stagingDatabase'],
    ['default', 'the default one of the account'],
  ]);
  for (const [i, reader] of readers.entries()) {
    names.claim(reader.name, `readers.${i}.name`);
    const path = namedIdentity(reader);
    // IAM does not tell names by case; a role and a user may have the same.
    if (path !== undefined)
      identities.claim(reader.iamName ?? '', `readers.${i}.iamName`, path.toLowerCase());
    if (reader.kind === 'owox') buckets.claim(reader.resultsBucket, `readers.${i}.resultsBucket`);
    const ownDatabase = ownDatabaseOf(reader);
    if (ownDatabase !== null) databases.claim(ownDatabase, `readers.${i}.ownDatabase`);
  }
  return problems;
}

/**
 * Names with which two resources of the stack would have one logical ID, so that one of them would be lost: for a reader
 * `bi` that makes tables, its policy to write is `ReaderBiWritePolicy`, as is the policy of a reader `bi-write`.
 */
function sharedIds(readers: readonly Reader[]): ConfigProblem[] {
  return readers.flatMap(({ name }, i) => {
    const other = readers.findIndex((reader) =>
      wordsOfIds(reader).some((word) => name === `${reader.name}-${word}`),
    );
    const expected = `another name: with this one a resource has the logical ID of one of readers.${other}`;
    return other < 0 ? [] : [unexpected(`readers.${i}.name`, name, expected)];
  });
}

/** The words between the name of a reader and `Policy` in the logical IDs of its resources: infra/readers/readers.ts. */
function wordsOfIds(reader: Reader): readonly string[] {
  return [
    ...(reader.kind === 'metabase' && reader.ownDatabase !== null ? ['write'] : []),
    ...(reader.alsoReads.length > 0 ? ['also'] : []),
    ...(reader.kind === 'owox' && !reader.existingResultsBucket ? ['results-bucket'] : []),
  ];
}

/** Policies that are named twice, or that IAM can't attach because they are of another account. */
function policyProblems(
  { policies }: Reader,
  field: string,
  { account }: Pick<Config, 'account'>,
): ConfigProblem[] {
  return policies.flatMap((arn, j) => {
    const first = policies.indexOf(arn);
    if (first < j)
      return [unexpected(`${field}.policies.${j}`, arn, `another than ${field}.policies.${first}`)];
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
