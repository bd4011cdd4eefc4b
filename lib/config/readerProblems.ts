import type { Config } from '../schema/config.ts';
import { isRoot } from '../schema/formats.ts';
import type { MetabaseReader, Reader, StatsigReader } from '../schema/readers.ts';
import { MADE_TABLES_FOLDER } from '../tables/objectKeys.ts';

/** Problems of `readers` that no field shows alone; one sentence each, with the field's name in front. */
export function readerProblems(config: Pick<Config, 'readers' | 'bucket' | 'database' | 'athena'>): string[] {
  return [
    ...config.readers.flatMap((reader, i) => ownProblems(reader, `readers.${i}`)),
    ...config.readers.flatMap((reader, i) => workgroupProblems(reader, `readers.${i}`, config)),
    ...sharedNames(config),
  ];
}

function ownProblems(reader: Reader, field: string): string[] {
  if (reader.kind === 'owox') return [];
  return reader.as === 'user'
    ? roleMembers(reader).map(
        (member) => `${field}.${member}: expected none: a user signs in with access keys, nobody assumes it.`,
      )
    : roleProblems(reader, field);
}

/** Maximum length of a workgroup's name. https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
const WORKGROUP_CHARACTERS = 128;

/** A reader's workgroup has the name of both, and its results a folder of its name beside those of people. */
function workgroupProblems(
  reader: Reader,
  field: string,
  { athena: { workgroup } }: Pick<Config, 'athena'>,
): string[] {
  if (reader.kind === 'owox') return [];
  const most = WORKGROUP_CHARACTERS - reader.name.length - 1;
  return [
    ...(`${reader.name}/` === MADE_TABLES_FOLDER
      ? [
          `${field}.name: got ${JSON.stringify(reader.name)}, expected another name than that of the folder in which Athena puts tables.`,
        ]
      : []),
    ...(workgroup.length > most
      ? [
          `athena.workgroup: got ${workgroup.length} characters, expected at most ${most}, as ${field}.name is added for its own.`,
        ]
      : []),
  ];
}

/** The members given that only a role has. */
function roleMembers(reader: StatsigReader | MetabaseReader): string[] {
  const { principal, externalId, allowNoExternalId } = reader;
  return [
    ...(principal === undefined ? [] : ['principal']),
    ...(externalId === undefined ? [] : ['externalId']),
    ...(allowNoExternalId ? ['allowNoExternalId'] : []),
  ];
}

function roleProblems(reader: StatsigReader | MetabaseReader, field: string): string[] {
  if (reader.kind === 'metabase') return metabaseProblems(reader, field);
  const problems: string[] = [];
  if (reader.principal === undefined) {
    problems.push(
      `${field}.principal: got nothing, expected Statsig's account ID of 12 digits, or the ARN of its role or user.`,
    );
  }
  if (reader.externalId === undefined && !reader.allowNoExternalId) {
    problems.push(
      `${field}.externalId: got nothing, expected the external ID in Statsig's console, or allowNoExternalId: true.`,
    );
  }
  return problems;
}

/** A service sends no external ID, and without one everybody in a root's account is let in. */
function metabaseProblems(
  { principal, externalId, allowNoExternalId }: MetabaseReader,
  field: string,
): string[] {
  if (principal === undefined)
    return [`${field}.principal: got nothing, expected ec2, ecs-tasks, or the ARN of a role or user.`];
  if (!principal.startsWith('arn:') && externalId !== undefined)
    return [`${field}.externalId: expected none: ${principal} sends none.`];
  if (isRoot(principal) && externalId === undefined && !allowNoExternalId)
    return [
      `${field}.principal: got ${JSON.stringify(principal)}, expected the ARN of a role or user, or an externalId beside a root, or allowNoExternalId: true.`,
    ];
  return [];
}

/** Names that must be unique: those of readers, and of buckets and databases that belong to one reader. */
function sharedNames({ readers, bucket, database, athena }: Parameters<typeof readerProblems>[0]): string[] {
  const problems: string[] = [];
  const names = new Map<string, string>();
  const buckets = new Map([[bucket, 'bucket']]);
  // Athena looks at `default` for everyone, and most accounts have it already.
  const databases = new Map([
    [database, 'database'],
    [athena.stagingDatabase, 'athena.stagingDatabase'],
    ['default', 'that of the account'],
  ]);
  const claim = (taken: Map<string, string>, name: string, field: string, what: string) => {
    const other = taken.get(name);
    if (other === undefined) taken.set(name, field);
    else problems.push(`${field}: got ${JSON.stringify(name)}, expected another ${what} than ${other}.`);
  };
  for (const [i, reader] of readers.entries()) {
    claim(names, reader.name, `readers.${i}.name`, 'name');
    if (reader.kind === 'owox') claim(buckets, reader.resultsBucket, `readers.${i}.resultsBucket`, 'bucket');
    if (reader.kind !== 'statsig' && reader.ownDatabase !== null)
      claim(databases, reader.ownDatabase, `readers.${i}.ownDatabase`, 'database');
  }
  return problems;
}
