import { isDeepStrictEqual } from 'node:util';
import type { WorkGroup } from '@aws-sdk/client-athena';
import type { Table as GlueTable } from '@aws-sdk/client-glue';
import type { KeyMetadata } from '@aws-sdk/client-kms';
import { catalog, curatedTableId } from '../../../infra/data/catalog.ts';
import { viewId, views as viewResources } from '../../../infra/data/views.ts';
import type { Resource } from '../../../infra/template/Resource.ts';
import { logicalIds, tableId } from '../../../infra/template/Stack.ts';
import {
  type BucketDocument,
  type BucketSetting,
  bucketSettings as settingsOf,
} from '../../../lib/access/buckets/bucketSettings.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { isUtcDay } from '../../../lib/base/time.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { dayLocation, findStalePartitions } from '../../../lib/landing/catalog/registerPartitions.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { PRIMARY_WORKGROUP } from '../../../lib/schema/fields/athena.ts';
import { forwardedKinds, tableKinds } from '../../../lib/schema/kinds.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { RELAY_FOLDER } from '../../../lib/tables/objectKeys.ts';
import type { Column, Table } from '../../../lib/tables/Table.ts';
import {
  groupsFolder,
  groupsKey,
  ingestedTableFolder,
  tableFolder,
} from '../../../lib/tables/tableFolders.ts';
import { readCuratedDays } from '../../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../../lib/views/prestoView.ts';
import type { View } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views as viewsOf } from '../../../lib/views/views.ts';
import { readServedFaults } from '../../facts/days/curationState.ts';
import {
  countLeftCopies,
  readBucketRegion,
  readDatabase,
  readForeignFiles,
  readForeignWorkgroup,
  readHasSpecs,
  readPartitions,
  readSetting,
  readTable,
} from '../../facts/setup/dataFacts.ts';
import type { SetupFacts } from '../../facts/setup/Setup.ts';
import { readUnknownNames } from '../../facts/setup/unknownNames.ts';
import { type Finding, finding } from '../catalogue.ts';
import { listed } from '../judge.ts';
import { look, revertCommands } from './Look.ts';

/** The bucket itself: other facts are read only if it exists and belongs to this account. */
export const bucket = look({
  name: 'bucket',
  expects: 'the bucket exists in this region and belongs to this account',
  needs: [],
  ground: 'bucket',
  read: (setup) => [readBucketRegion(setup, createBucketCommands(setup))],
  judge: (there, { config, identity: { region } }) =>
    there === region
      ? []
      : [finding('SLUICE_FINDING_REGION_UNFIT', `${config.bucket} is in ${there}, the stack in ${region}.`)],
});

/** In us-east-1, S3 accepts no location constraint. */
function createBucketCommands(facts: SetupFacts): readonly string[] {
  const { config, identity, say } = facts;
  if (!config.existing.bucket) return revertCommands(facts, logicalIds.bucket);
  const { region } = identity;
  const location =
    region === 'us-east-1' ? [] : ['--create-bucket-configuration', `LocationConstraint=${region}`];
  return [say.aws('s3api', 'create-bucket', '--bucket', config.bucket, ...location)];
}

/** The settings of the bucket. The owner of an existing bucket makes them, not the stack. */
export const bucketSettings = look({
  name: 'bucket-settings',
  expects:
    'the bucket sends events to EventBridge, encrypts with the key, requires TLS, expires objects, blocks public access and keeps versions',
  needs: ['bucket', 'stack'],
  async read(setup) {
    const { Arn: keyArn } = await setup.key();
    const { partition } = setup.identity;
    return settingsOf(setup.config, { keyArn, partition }).map((setting) => readSetting(setup, setting));
  },
  *judge({ setting, current, foreignKeys }, { config, say }) {
    const wanted = setting.wanted(current);
    if (sameDocument(current, wanted)) return;
    const isForeign = foreignKeys.length > 0;
    const detail = `${config.bucket}: ${isForeign ? `${foreignKeys.join(', ')}.` : setting.why}`;
    const words = settingWords(config.bucket, setting, wanted);
    yield finding('SLUICE_FINDING_BUCKET_UNFIT', detail, isForeign ? [] : [say.aws(...words)]);
  },
});

/** The words after `aws` of the command that puts a setting. */
export function settingWords(
  name: string,
  { command, option, apart = {} }: BucketSetting,
  wanted: BucketDocument,
): readonly string[] {
  const document = Object.fromEntries(
    Object.entries(wanted).filter(([member]) => !Object.hasOwn(apart, member)),
  );
  const more = Object.entries(apart).flatMap(([member, own]) => {
    const value = wanted[member];
    return value === undefined ? [] : [own, String(value)];
  });
  return ['s3api', command, '--bucket', name, option, JSON.stringify(document), ...more];
}

/**
 * Whether two AWS documents are equivalent. Ignored are the order of members, members without a value, the difference
 * between an item and a list of it, and the order of lists: no list in a bucket's settings or policies has an order.
 */
export function sameDocument(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(canonical(one), canonical(other));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    if (items.length === 1) return items[0];
    return items
      .map((item) => [JSON.stringify(item) ?? '', item] as const)
      .sort(byText)
      .map(([, item]) => item);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(byText)
      .map(([name, member]) => [name, canonical(member)]),
  );
}

function byText([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The KMS key, the stack's or an existing one: without it, no data can be read. */
export const key = look({
  name: 'key',
  expects: 'the key is enabled, symmetric and single-Region',
  needs: ['stack'],
  read: (setup) =>
    // The local cloud has only the keys of the template.
    setup.isLocal && setup.config.existing.keyArn !== null ? [] : [setup.key()],
  judge: (found, { say }) => judgeKey(found, say.aws('kms', 'enable-key', '--key-id', found.Arn)),
});

/** Judges a key by its metadata. @param enable The command that enables it. */
export function* judgeKey(found: Partial<KeyMetadata>, enable: string): Generator<Finding> {
  const { Arn = '', KeyState = '', KeySpec, KeyUsage, MultiRegion } = found;
  if (KeyState === 'PendingDeletion' || KeyState === 'PendingReplicaDeletion') {
    yield finding('SLUICE_FINDING_RESOURCE_MISSING', `${Arn} is ${KeyState}.`);
    return;
  }
  const unusable = (what: string, commands: readonly string[] = []) =>
    finding('SLUICE_FINDING_KEY_UNUSABLE', `${Arn} is ${what}.`, commands);
  if (KeyState !== 'Enabled') yield unusable(KeyState, [enable]);
  const many = MultiRegion === true ? ', a multi-Region key' : '';
  if (KeySpec !== 'SYMMETRIC_DEFAULT' || KeyUsage !== 'ENCRYPT_DECRYPT' || MultiRegion === true)
    yield unusable(`${KeySpec}, ${KeyUsage}${many}`);
}

/** The database of the tables: nothing else of the catalog can be read without it. */
export const database = look({
  name: 'database',
  expects: 'the Glue database exists',
  needs: ['stack'],
  ground: 'database',
  read(setup) {
    const { say, resources } = setup;
    const input = valueAt(templateCatalog(setup)[logicalIds.database], ['Properties', 'DatabaseInput']);
    return [
      readDatabase(
        setup,
        resources.has(logicalIds.database)
          ? [say.aws('glue', 'create-database', '--database-input', JSON.stringify(input))]
          : [],
      ),
    ];
  },
  judge: () => [],
});

/** With an existing bucket, locations are texts; otherwise they are references to the template's bucket. */
function templateCatalog({ config, stack }: SetupFacts): Readonly<Record<string, Resource>> {
  return catalog({ config: { ...config, existing: { ...config.existing, bucket: true } }, ...stack });
}

/**
 * Commands that create or restore a table or a view as the template has it, each a call of Glue: the stack refers to tables
 * by name. Partition keys cannot be changed: a table with other ones is dropped first, which does not delete its files.
 * None if the stack does not have it: then a deployment creates it.
 */
function repairCommands(
  { resources, config, say }: SetupFacts,
  { logicalId, input }: { readonly logicalId: string; readonly input: unknown },
  how: 'create' | 'update' | 'replace',
): readonly string[] {
  if (!resources.has(logicalId)) return [];
  const of = ['--database-name', config.database];
  const put = (verb: string) => say.aws('glue', verb, ...of, '--table-input', JSON.stringify(input));
  if (how !== 'replace') return [put(`${how}-table`)];
  const name = String(valueAt(input, ['Name']));
  return [say.aws('glue', 'delete-table', ...of, '--name', name), put('create-table')];
}

/** The tables of the Glue catalog against the tables that are written: Athena and the writer's files have one schema. */
export const tables = look({
  name: 'tables',
  expects: 'the tables match what is written: columns, comments, order, partition key, location, format',
  needs: ['database'],
  read: (setup) =>
    wantedTables(setup).map(async (wanted) => ({
      wanted,
      there: await readTable(setup, wanted.name, repairCommands(setup, wanted, 'create')),
    })),
  *judge({ wanted, there }, facts) {
    const { problems, mustReplace, isMinor } = judgeTable(there, wanted, facts.config);
    if (problems.length === 0) return;
    const commands = repairCommands(facts, wanted, mustReplace ? 'replace' : 'update');
    const detail = `${wanted.name}: ${problems.join('; ')}.`;
    yield finding('SLUICE_FINDING_TABLE_DIFFERS', detail, commands, isMinor ? 'warning' : 'problem');
  },
});

/** The table that is expected. */
interface WantedTable extends Pick<Table, 'name' | 'columns'>, Partial<Pick<Table, 'partitionKey'>> {
  readonly logicalId: string;
  /** `TableInput` of the template. */
  readonly input: unknown;
  /** The folder of its rows in the bucket. */
  readonly folder: string;
}

function wantedTables(facts: SetupFacts): readonly WantedTable[] {
  const { config } = facts;
  const resources = templateCatalog(facts);
  const delivered = deliveredTables(config);
  const curated = curatedTables(config);
  const inputOf = (logicalId: string) => ({
    logicalId,
    input: valueAt(resources[logicalId], ['Properties', 'TableInput']),
  });
  return [
    ...tableKinds.map((kind) => ({
      ...delivered[kind],
      ...inputOf(tableId(kind)),
      folder: tableFolder(config, kind),
    })),
    ...forwardedKinds.map((kind) => ({
      ...curated[kind],
      ...inputOf(curatedTableId(kind)),
      folder: ingestedTableFolder(config, curated[kind].name),
    })),
    { ...groupsTable, ...inputOf(logicalIds.groupsTable), folder: groupsFolder(config) },
  ];
}

/** Members of a table's input that determine how its files are read. */
const FORMAT = [
  ['TableType'],
  ['StorageDescriptor', 'InputFormat'],
  ['StorageDescriptor', 'OutputFormat'],
  ['StorageDescriptor', 'SerdeInfo', 'SerializationLibrary'],
] as const;

/** Compares a table with the expected one. Other partition keys cannot be changed; comments are only shown to readers. */
function judgeTable(there: GlueTable, wanted: WantedTable, { bucket: name }: Pick<Config, 'bucket'>) {
  const columns = (there.StorageDescriptor?.Columns ?? []).map(columnOf);
  const keys = (there.PartitionKeys ?? []).map(columnOf);
  const { partitionKey } = wanted;
  const comments = [...wanted.columns, ...(partitionKey === undefined ? [] : [partitionKey])].filter(
    ({ name: column, comment }) => {
      const same = [...columns, ...keys].find((one) => one.name === column);
      return same !== undefined && same.comment !== comment;
    },
  );
  const wantedKey = partitionKey === undefined ? 'none' : `${partitionKey.name} ${partitionKey.type}`;
  const foundKey = keys.map((one) => `${one.name} ${one.type}`).join(', ') || 'none';
  const location = `s3://${name}/${wanted.folder}`;
  const foundLocation = there.StorageDescriptor?.Location ?? 'none';
  const differs = (what: string, found: unknown, expected: unknown) =>
    found === expected ? [] : [`${what}: got ${found ?? 'none'}, expected ${expected}`];
  const grave = [
    ...columnProblems(columns, wanted.columns),
    ...differs('partition key', foundKey, wantedKey),
    ...(foundLocation.replace(/\/?$/, '/') === location ? [] : differs('location', foundLocation, location)),
    ...FORMAT.flatMap((path) =>
      differs(String(path.at(-1)), valueAt(there, path), valueAt(wanted.input, path)),
    ),
  ];
  return {
    problems: [
      ...grave,
      ...(comments.length === 0 ? [] : [`comments of ${comments.map((column) => column.name).join(', ')}`]),
    ],
    mustReplace: foundKey !== wantedKey,
    isMinor: grave.length === 0,
  };
}

type GlueColumn = NonNullable<NonNullable<GlueTable['StorageDescriptor']>['Columns']>[number];

/** A column of the catalog. Glue takes a column without a type for a string. */
function columnOf({ Name = '', Type = 'string', Comment = '' }: GlueColumn) {
  return { name: Name, type: Type, comment: Comment };
}

/** How columns differ from the expected ones in name, type and order; empty if they do not. */
export function columnProblems(
  there: readonly { readonly name: string; readonly type: string }[],
  wanted: readonly Pick<Column, 'name' | 'type'>[],
): string[] {
  const types = new Map(there.map(({ name, type }) => [name, type]));
  const names = new Set<string>(wanted.map(({ name }) => name));
  const problems = wanted.flatMap(({ name, type }) => {
    const found = types.get(name);
    if (found === undefined) return [`${name} is missing`];
    return found === type ? [] : [`${name} is ${found}, expected ${type}`];
  });
  problems.push(...there.filter(({ name }) => !names.has(name)).map(({ name }) => `${name} is not expected`));
  if (problems.length > 0) return problems;
  const moved = wanted.find(({ name }, i) => there[i]?.name !== name);
  return moved === undefined ? [] : [`the order differs from ${moved.name} on`];
}

/** The views of the Glue catalog against the SQL of lib/views. */
export const views = look({
  name: 'views',
  expects: 'the views match lib/views',
  needs: ['database'],
  read(setup) {
    const { config, stack } = setup;
    const wanted = viewsOf(config);
    const resources = viewResources({ config, ...stack });
    return viewNames.map(async (name) => {
      const logicalId = viewId(name);
      const made = { logicalId, input: valueAt(resources[logicalId], ['Properties', 'TableInput']) };
      const there = await readTable(setup, name, repairCommands(setup, made, 'create'));
      return { made, there, wanted: wanted[name] };
    });
  },
  *judge({ made, there, wanted }, facts) {
    const problems = viewProblems(facts.config, there, wanted);
    const detail = `${wanted.name}: ${problems.join('; ')}.`;
    if (problems.length > 0)
      yield finding('SLUICE_FINDING_TABLE_DIFFERS', detail, repairCommands(facts, made, 'update'));
  },
});

/** Compares the SQL and the columns of a view with the expected ones. Which days it reads from curated tables may vary. */
function viewProblems(config: Config, there: GlueTable, wanted: View): readonly string[] {
  const columns = columnProblems((there.StorageDescriptor?.Columns ?? []).map(columnOf), wanted.columns);
  const read = readPrestoView(there.ViewOriginalText ?? '');
  if (read === null) return ['it is not an Athena view', ...columns];
  return readCuratedDays(config, wanted.name, read.originalSql) === null
    ? ['its SQL differs', ...columns]
    : columns;
}

/** The partitions against the folders of days: no query reads a day in S3 without a partition. */
export const partitions = look({
  name: 'all-partitions',
  expects:
    'each day with files has a partition, and each partition has the folder of its day and the columns of its table',
  needs: ['database', 'bucket'],
  read: (setup) => tableKinds.map((kind) => readPartitions(setup, kind)),
  *judge(found, { config, say }) {
    if (found === null) return;
    const { kind, table, partitions: all, folders } = found;
    const dayOf = ({ values: [day = ''] }: (typeof all)[number]) => day;
    const ours = all.filter((one) => isUtcDay(dayOf(one)));
    const isInPlace = (one: (typeof all)[number]) =>
      one.storage.Location?.replace(/\/?$/, '/') === dayLocation(config, config.bucket, kind, dayOf(one));
    const [inPlace, registered] = [ours.filter(isInPlace), new Set(ours.map(dayOf))];
    const wrong = {
      'no partition': [...new Set(folders)].filter((day) => !registered.has(day)),
      'another folder': ours.filter((one) => !isInPlace(one)).map(dayOf),
      'an earlier set of columns': findStalePartitions(table, inPlace).map(dayOf),
    };
    const register = say.send('register', '{"sluice":"daily"}');
    for (const [what, days] of Object.entries(wrong))
      if (days.length > 0)
        yield finding('SLUICE_FINDING_PARTITION_WRONG', `${table.name}: ${what}: ${listed(days)}.`, [
          register,
        ]);
  },
});

/** Names that SDKs do not send: which gates are holdouts, and which experiments browsers send hashed. */
export const names = look({
  name: 'names',
  expects:
    'holdouts, and experiments that browsers sent hashed within a week, are known by name, from the configuration or from pulled specs',
  needs: ['bucket', 'database'],
  read: (setup) => [
    ...(setup.config.holdouts === null ? [readHasSpecs(setup).then(missingHoldouts(setup))] : []),
    readUnknownNames(setup),
  ],
  judge: (unknown) => unknown.map((detail) => finding('SLUICE_FINDING_NAMES_UNKNOWN', detail)),
});

function missingHoldouts({ config }: SetupFacts): (hasSpecs: boolean) => readonly string[] {
  const missing = `\`holdouts\` is not in the configuration, and there is no s3://${config.bucket}/${groupsKey(config)}.`;
  return (hasSpecs) => (hasSpecs ? [] : [missing]);
}

/** Workgroups that no stack creates: `primary`, which OWOX uses, and those that the configuration names for readers. */
export const workgroups = look({
  name: 'workgroups',
  expects:
    'the workgroup `primary`, if OWOX reads, and a configured `workgroup` of a reader is enabled and lets clients choose the result location',
  needs: ['stack'],
  read(setup) {
    const wanted = setup.config.readers.flatMap((reader) =>
      reader.kind === 'owox' ? [PRIMARY_WORKGROUP] : (reader.workgroup ?? []),
    );
    return [...new Set(wanted)].map((name) => readForeignWorkgroup(setup, name));
  },
  *judge(found, { say }) {
    for (const { detail, options } of judgeWorkgroup(found))
      yield finding('SLUICE_FINDING_PRIMARY_UNFIT', `${found.Name} ${detail}.`, [
        say.aws('athena', 'update-work-group', '--work-group', found.Name ?? '', ...options),
      ]);
  },
});

/** Judges a workgroup that no stack creates: the account's for queries that name none, or another. */
export function* judgeWorkgroup({ State, Configuration = {} }: Partial<WorkGroup>) {
  const { EnforceWorkGroupConfiguration: enforced, ResultConfiguration } = Configuration;
  if (State === 'DISABLED') yield { detail: `is ${State}`, options: ['--state', 'ENABLED'] };
  if (enforced === true)
    yield {
      detail: `enforces ${ResultConfiguration?.OutputLocation ?? 'settings without a location'}`,
      options: ['--configuration-updates', 'EnforceWorkGroupConfiguration=false'],
    };
}

/** Objects that nothing delivers or deletes any more. */
export const leftCopies = look({
  name: 'relay',
  expects: 'without `relay`, no copies of requests are left',
  needs: ['bucket'],
  read: (setup) => (setup.config.relay === undefined ? [countLeftCopies(setup)] : []),
  *judge(left, { say }) {
    const copies = left === 1 ? '1 copy' : `${left} copies or more`;
    if (left > 0)
      yield finding('SLUICE_FINDING_RELAY_LEFT', `${RELAY_FOLDER}: ${copies}.`, [
        say.sluice('relay', 'erase', '--all', '--dry-run'),
      ]);
  },
});

/** Whether somebody else, most likely Statsig's own forwarding, writes into the folders of the forwarded tables. */
export const forwarding = look({
  name: 'forwarding',
  expects: 'in the last seven days, only Sluice wrote into the folders of the forwarded tables',
  needs: ['bucket'],
  read: (setup) => forwardedKinds.map((kind) => readForeignFiles(setup, kind)),
  *judge({ folder, since, files }, { config: { bucket: name, relay } }) {
    if (files.length === 0) return;
    // What relay delivers to Statsig is then in one table twice.
    const comesBack = relay !== undefined && 'statsig' in relay;
    const count = files.length === 1 ? '1 file' : `${files.length} files`;
    const detail = `s3://${name}/${folder}: ${count} since ${since}, such as ${files[0]}.`;
    yield finding('SLUICE_FINDING_FORWARDED', detail, [], comesBack ? 'problem' : 'warning');
  },
});

/** The days that views read from curated tables. Without `curate: true` there are none. */
export const servedDays = look({
  name: 'curated-days',
  expects: 'views read no curated day whose raw files have changed or whose curated files are gone',
  needs: ['bucket', 'database'],
  read: (setup) => (setup.config.curate ? [readServedFaults(setup)] : []),
  *judge(faults, { say }) {
    for (const { kind, table, stale, gone } of faults) {
      const of = ['--table', kind];
      if (stale.length > 0)
        yield finding('SLUICE_FINDING_CURATE_STALE', `${table}, changed since: ${listed(stale)}.`, [
          say.sluice('curate', 'run', ...of),
        ]);
      const [from, to = ''] = [gone[0], gone.at(-1)];
      if (from !== undefined)
        yield finding('SLUICE_FINDING_CURATE_STALE', `${table}, without files: ${listed(gone)}.`, [
          say.sluice('curate', 'rebuild', ...of, '--from', from, '--to', to),
        ]);
    }
  },
});
