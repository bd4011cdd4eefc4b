import { AthenaClient } from '@aws-sdk/client-athena';
import { type Column, GlueClient, type Table } from '@aws-sdk/client-glue';
import { afterEach, describe, expect, it } from '@jest/globals';
import { resources } from '../../../infra/resources.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { readStackFaults, type StackFault } from '../../../observe/facts/stackFaults.ts';
import { answeredBy, named, requestsAnsweredBy } from '../../harness/answering.ts';
import { READERS } from '../../harness/configInput.ts';

const config = defineConfig({ bucket: 'acme', readers: READERS });
const stack = { service: 'sluice', stage: 'prod' };
const id = 'arn:aws:cloudformation:us-east-1:111122223333:stack/sluice-prod/s';
const deployedAt = '2026-11-19T00:00:00.000Z';
const AT = new Date('2026-11-20T12:00:00Z');
const EVENTS = 'statsig_forwarded_events';

/** The resources of the template, in a bucket that exists. */
const { Resources } = resources({
  ...stack,
  config: { ...config, existing: { ...config.existing, bucket: true } },
});
/** Names of deployed resources, by their logical IDs. */
const allIds = new Map(Object.keys(Resources).map((logicalId) => [logicalId, `the-${logicalId}`]));
const propertiesOf = (type: string): Readonly<Record<string, unknown>>[] =>
  Object.values(Resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));
/** The tables and views as they were deployed. */
const wellTables = propertiesOf('AWS::Glue::Table').map(({ TableInput }): Table => {
  return { ...(TableInput as Table), UpdateTime: AT };
});
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/k';
/** The workgroups of a stack that is well; its own first. */
const GROUPS = ['the-Workgroup', 'the-ReaderStatsigWorkgroup', 'the-ReaderMetabaseWorkgroup'];
/** Parts that cannot be read where a case is not of workgroups. */
const unread = GROUPS.map((name) => `the workgroup ${name}`);
/** What Athena has of them. */
const wellGroups: readonly { readonly ResultConfiguration: object }[] = JSON.parse(
  JSON.stringify(
    propertiesOf('AWS::Athena::WorkGroup').map(({ WorkGroupConfiguration }) => WorkGroupConfiguration),
  )
    .replaceAll('{"Ref":"AWS::AccountId"}', '"111122223333"')
    .replaceAll('{"Fn::GetAtt":["DataKey","Arn"]}', `"${KEY}"`),
);
const groupNamed = (name: string) => ({ State: 'ENABLED', Configuration: wellGroups[GROUPS.indexOf(name)] });

/** What differs from a stack that is well. */
interface Changed {
  /** Tables that the catalog has; null without the database. */
  readonly tables?: readonly Table[] | null;
  readonly ids?: ReadonlyMap<string, string>;
  /** What Athena has of a workgroup, by its name. */
  readonly groupOf?: (name: string) => object | undefined;
  /** Outputs of the stack; default: the key alone. */
  readonly outputs?: ReadonlyMap<string, string>;
  /** Users, roles and secrets that are gone. */
  readonly gone?: readonly string[];
  /** When deleted secrets are gone for good, epoch seconds. */
  readonly deleted?: number;
  readonly isLocal?: boolean;
  /** Parts that cannot be read. */
  readonly unread?: readonly string[];
  /** Names of the alarms that CloudWatch has; default: nobody knows. */
  readonly alarms?: readonly string[];
}

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const deployment of opened.splice(0)) deployment.close();
});

/** What CloudFormation, IAM and Secrets Manager answer. */
function answerOf({ ids = allIds, gone = [], deleted }: Changed, hostname: string, body: string) {
  if (hostname.startsWith('cloudformation')) {
    const members = [...ids].map(
      ([logical, name]) =>
        `<member><LogicalResourceId>${logical}</LogicalResourceId><PhysicalResourceId>${name}</PhysicalResourceId></member>`,
    );
    const summaries = `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`;
    return {
      status: 200,
      text: `<ListStackResourcesResponse><ListStackResourcesResult>${summaries}</ListStackResourcesResult></ListStackResourcesResponse>`,
    };
  }
  if (hostname.startsWith('iam')) {
    const asked = new URLSearchParams(body);
    const what = asked.get('Action') === 'GetRole' ? 'Role' : 'User';
    if (gone.includes(asked.get(`${what}Name`) ?? ''))
      return { status: 404, text: '<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>' };
    return {
      status: 200,
      text: `<Get${what}Response><Get${what}Result></Get${what}Result></Get${what}Response>`,
    };
  }
  const { SecretId } = JSON.parse(body);
  if (gone.includes(SecretId)) return { status: 400, text: '{"__type":"ResourceNotFoundException"}' };
  return { status: 200, text: JSON.stringify(deleted === undefined ? {} : { DeletedDate: deleted }) };
}

/** What differs from the template, but for what all faults have. */
async function faultsOf(changed: Changed, more: Partial<typeof config> = {}) {
  const { tables = wellTables, groupOf = groupNamed, isLocal = false, unread = [], alarms = null } = changed;
  const { outputs = new Map([['KeyArn', KEY]]) } = changed;
  const requestHandler = requestsAnsweredBy(({ hostname, body }) => {
    const asked = typeof body === 'string' ? body : new TextDecoder().decode(body);
    return answerOf(changed, hostname, asked);
  });
  const about = { config: { ...config, ...more }, stack, isLocal, now: AT.getTime() };
  const aws = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
    requestHandler,
  };
  const deployment = openDeployment(about, aws);
  opened.push(deployment);
  const glue = answeredBy(GlueClient, () => {
    if (tables === null) throw named('EntityNotFoundException');
    return { TableList: tables };
  });
  const athena = answeredBy(AthenaClient, ({ input }) => {
    const WorkGroup = groupOf(String(input['WorkGroup']));
    if (WorkGroup === undefined) throw named('InvalidRequestException');
    return { WorkGroup };
  });
  const found: Parameters<typeof readStackFaults>[1] = {
    alarms,
    id,
    deployedAt,
    outputs,
    state: { status: 'UPDATE_COMPLETE', reason: null, since: null },
  };
  const asked = { ...deployment, glue, athena };
  const faults = await readStackFaults(asked, found, async (part, question) =>
    unread.includes(part) ? null : question(asked),
  );
  return faults.map(({ deployedAt: at, isOtherRelease, ...fault }) => {
    expect([at, isOtherRelease]).toEqual([deployedAt, true]);
    return fault;
  });
}
const changeTable = (name: string, change: (table: Table) => Table) =>
  wellTables.map((table) => (table.Name === name ? change(table) : table));
/** Services and verbs of the commands that make a fault right. */
const verbs = ({ repair }: Pick<StackFault, 'repair'>) =>
  repair.map(([service, verb]) => `${service} ${verb}`);

it('nothing differs in a stack that is as the template has it', async () => {
  expect(await faultsOf({})).toEqual([]);
});

it('alarms that CloudWatch does not have are one fault, but for those that are not deployed', async () => {
  const all = [...allIds].filter(([logicalId]) => logicalId.endsWith('Alarm'));
  const names = all.map(([, name]) => name);
  const ids = new Map([...allIds].filter(([logicalId]) => logicalId !== all[0]?.[0]));
  const [fault, ...others] = await faultsOf({ ids, alarms: names.slice(3) });
  expect([fault, others]).toMatchObject([{ what: 'alarm', name: names[1], others: 1, differs: null }, []]);
  expect(await faultsOf({ alarms: names })).toEqual([]);
});

describe('a database', () => {
  it('that is gone hides its tables, and is made again where the stack has made it', async () => {
    const database = {
      part: 'the tables of the catalog',
      what: 'database',
      name: 'sluice',
      differs: null,
      changedAt: null,
    };
    const [fault, ...others] = await faultsOf({ unread, tables: null });
    expect([fault, others]).toMatchObject([{ ...database, isDeployed: true }, []]);
    expect(fault?.repair).toEqual([
      ['glue', 'create-database', '--database-input', expect.stringMatching(/^\{"Name":"sluice",/)],
    ]);
    const ids = new Map([...allIds].filter(([logicalId]) => logicalId !== 'Database'));
    expect(await faultsOf({ unread, tables: null, ids })).toEqual([
      { ...database, isDeployed: false, repair: [] },
    ]);
  });

  it('that was brought and is gone is a part that cannot be read, and no fault', async () => {
    await expect(
      faultsOf({ unread, tables: null }, { existing: { ...config.existing, database: true } }),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException' });
  });

  it('that cannot be read hides its tables', async () => {
    expect(await faultsOf({ tables: null, unread: [...unread, 'the tables of the catalog'] })).toEqual([]);
  });
});

describe('a table', () => {
  const columns = (
    change: (names: NonNullable<NonNullable<Table['StorageDescriptor']>['Columns']>) => Column[],
  ) => {
    return (table: Table) => ({
      ...table,
      StorageDescriptor: {
        ...table.StorageDescriptor,
        Columns: change(table.StorageDescriptor?.Columns ?? []),
      },
    });
  };

  it.each([
    { name: EVENTS, what: 'table', isRegistered: true },
    { name: 'curated_events', what: 'table', isRegistered: false },
    { name: 'product_events', what: 'view', isRegistered: false },
  ])('of the name $name that is gone is a $what, and is made again', async ({ name, what, isRegistered }) => {
    const tables = wellTables.filter((table) => table.Name !== name);
    const [fault, ...others] = await faultsOf({ unread, tables });
    const missing = {
      name: `sluice.${name}`,
      what,
      isRegistered,
      differs: null,
      changedAt: null,
      isDeployed: true,
    };
    expect([fault, others]).toMatchObject([missing, []]);
    expect(fault?.repair).toEqual([
      [
        'glue',
        'create-table',
        '--database-name',
        'sluice',
        '--table-input',
        expect.stringMatching(`^{"Name":"${name}",`),
      ],
    ]);
  });

  interface TableCase {
    readonly what: string;
    /** Default {@link EVENTS}. */
    readonly name?: string;
    readonly change: (table: Table) => Table;
    /** How it differs, in words. */
    readonly differs: readonly unknown[];
    /** Services and verbs of the commands. Default that of a table that is put as it should be. */
    readonly repair?: readonly string[];
  }

  it.each<TableCase>([
    {
      what: 'lacks a column, has another type of one, and one of somebody',
      change: columns(([first, second, , ...rest]) => [
        { Name: first?.Name, Type: 'int' },
        ...(second === undefined ? [] : [second]),
        ...rest,
        { Name: 'theirs', Type: 'string' },
      ]),
      differs: [
        'column `event_id` is int instead of string',
        'column `event_value` is missing',
        'column `theirs` is not ours',
      ],
    },
    {
      what: 'has other partition keys',
      change: (table) => ({ ...table, PartitionKeys: [{ Name: 'dt', Type: 'date' }] }),
      differs: ['partition key `ds` is missing', 'partition key `dt` is not ours'],
      repair: ['glue delete-table', 'glue create-table'],
    },
    {
      what: 'has its partition key as another type',
      change: (table) => ({ ...table, PartitionKeys: [{ Name: 'ds', Type: 'string' }] }),
      differs: ['partition key `ds` is string instead of date'],
    },
    {
      what: 'reads another folder',
      change: (table) => ({
        ...table,
        StorageDescriptor: { ...table.StorageDescriptor, Location: 's3://x/' },
      }),
      differs: [expect.stringMatching(/^Location is "s3:\/\/x\/" instead of "s3:\/\/acme\//)],
    },
    {
      what: 'has parameters that queries read, or others',
      change: (table) => ({
        ...table,
        Parameters: { ...table.Parameters, 'projection.enabled': 'true', classification: 'csv', owner: 'x' },
        StorageDescriptor: {
          ...table.StorageDescriptor,
          SerdeInfo: {
            ...table.StorageDescriptor?.SerdeInfo,
            Parameters: { ...table.StorageDescriptor?.SerdeInfo?.Parameters, 'skip.header.line.count': '1' },
          },
        },
      }),
      differs: [
        'Parameters.classification is "csv" instead of "parquet"',
        'parameter `projection.enabled` is not ours',
        'parameter `skip.header.line.count` is not ours',
      ],
    },
    {
      what: 'is a view of another text',
      name: 'product_events',
      change: (table) => ({ ...table, ViewOriginalText: '/* Presto View: e30= */' }),
      differs: ['its SQL differs'],
    },
    {
      what: 'is a view of no text',
      name: 'product_events',
      change: ({ ViewOriginalText, ...table }) => table,
      differs: ['its SQL differs'],
    },
    {
      what: 'is no view any more',
      name: 'product_events',
      change: (table) => ({ ...table, TableType: 'EXTERNAL_TABLE' }),
      differs: ['TableType is "EXTERNAL_TABLE" instead of "VIRTUAL_VIEW"'],
    },
  ])('that $what is told and repaired', async (row) => {
    const { name = EVENTS, change, differs, repair = ['glue update-table'] } = row;
    const found = await faultsOf({ unread, tables: changeTable(name, change) });
    expect(found).toMatchObject([{ name, differs, changedAt: AT.toISOString(), isDeployed: true }]);
    expect(found.flatMap(verbs)).toEqual(repair);
  });

  it('does not differ by the order of its columns', async () => {
    const tables = changeTable(
      EVENTS,
      columns((all) => all.toReversed()),
    );
    expect(await faultsOf({ unread, tables })).toEqual([]);
  });

  it('that the stack does not have yet is not repaired', async () => {
    const tables = wellTables.filter(({ Name }) => Name !== EVENTS);
    const ids = new Map([...allIds].filter(([logicalId]) => logicalId !== 'EventsTable'));
    expect(await faultsOf({ unread, tables, ids })).toMatchObject([{ isDeployed: false, repair: [] }]);
  });
});

describe('a workgroup', () => {
  const unread = GROUPS.slice(1).map((name) => `the workgroup ${name}`);
  const changed = (State: string, more: object) => ({
    unread,
    groupOf: () => ({ State, Configuration: { ...wellGroups[0], ...more } }),
  });

  it('that is gone comes back with the stack, and the next start of the local cloud makes it', async () => {
    const gone = { what: 'workgroup', name: 'the-Workgroup', differs: null };
    const [fault] = await faultsOf({ unread, groupOf: () => undefined });
    expect(fault).toMatchObject({ ...gone, part: 'the workgroup the-Workgroup', isDeployed: true });
    expect(fault?.repair.flat()).toEqual(expect.arrayContaining(['cloudformation', 'sluice-prod']));
    expect(await faultsOf({ unread, groupOf: () => undefined, isLocal: true })).toMatchObject([
      { ...gone, repair: [] },
    ]);
  });

  it('that is off and writes elsewhere gets what differs alone', async () => {
    const output = {
      ResultConfiguration: { ...wellGroups[0]?.ResultConfiguration, OutputLocation: 's3://x/' },
    };
    const [fault] = await faultsOf(changed('DISABLED', { ...output, BytesScannedCutoffPerQuery: 7 }));
    expect(fault?.differs).toEqual([
      'State is "DISABLED" instead of "ENABLED"',
      'BytesScannedCutoffPerQuery is 7 instead of 1000000000000',
      expect.stringMatching(/^ResultConfiguration.OutputLocation is "s3:\/\/x\/" instead of "s3:\/\/acme\//),
    ]);
    const [words = []] = fault?.repair ?? [];
    expect(words.slice(0, 7)).toEqual([
      'athena',
      'update-work-group',
      '--work-group',
      'the-Workgroup',
      '--state',
      'ENABLED',
      '--configuration-updates',
    ]);
    expect(Object.keys(JSON.parse(words[7] ?? ''))).toEqual([
      'BytesScannedCutoffPerQuery',
      'ResultConfigurationUpdates',
    ]);
  });

  it('that encrypts with another key than the stack differs', async () => {
    const EncryptionConfiguration = { EncryptionOption: 'SSE_KMS', KmsKey: 'theirs' };
    const ResultConfiguration = { ...wellGroups[0]?.ResultConfiguration, EncryptionConfiguration };
    const [fault] = await faultsOf(changed('ENABLED', { ResultConfiguration }));
    expect(fault?.differs).toEqual([
      `ResultConfiguration.EncryptionConfiguration.KmsKey is "theirs" instead of "${KEY}"`,
    ]);
  });

  it('of which Athena does not say what is off is as the template has it', async () => {
    expect(await faultsOf(changed('ENABLED', { RequesterPaysEnabled: undefined }))).toEqual([]);
  });

  it('of a stack that does not tell its key may have any', async () => {
    expect(await faultsOf({ outputs: new Map() })).toEqual([]);
  });

  it('that is on keeps its state', async () => {
    const [fault] = await faultsOf(changed('ENABLED', { EnforceWorkGroupConfiguration: false }));
    expect(fault?.repair[0]?.slice(4)).toEqual([
      '--configuration-updates',
      '{"EnforceWorkGroupConfiguration":true}',
    ]);
  });
});

describe('of a reader', () => {
  it('a user or a role that is gone comes back with the stack', async () => {
    const gone = ['the-ReaderStatsigRole', 'the-ReaderOwoxUser'];
    const found = await faultsOf({ unread, gone });
    expect(found).toMatchObject(
      (['statsig', 'owox'] as const).map((name, i) => ({
        what: 'identity of a reader',
        part: `the identity of the reader ${name}`,
        name: gone[i],
        reader: { name, kind: name, as: name === 'statsig' ? 'role' : 'user' },
        differs: null,
      })),
    );
    expect(found.flatMap(verbs)).toContain('cloudformation create-change-set');
  });

  it('a secret that is gone comes back with the stack, and one that is deleted is restored while it is kept', async () => {
    const secret = { what: 'secret of a reader', name: 'the-ReaderOwoxSecret', differs: null };
    const [fault, ...others] = await faultsOf({ unread, gone: ['the-ReaderOwoxSecret'] });
    const reader = { name: 'owox', kind: 'owox', as: 'user' };
    expect([fault, others]).toMatchObject([{ ...secret, reader, part: 'the secret of the reader owox' }, []]);
    expect(fault).not.toHaveProperty('keptUntil');
    expect(fault && verbs(fault)).toContain('cloudformation create-change-set');
    const restore = (name: string) => ({
      name,
      keptUntil: AT.toISOString(),
      repair: [['secretsmanager', 'restore-secret', '--secret-id', name]],
    });
    expect(await faultsOf({ unread, deleted: AT.getTime() / 1_000 })).toMatchObject(
      ['the-ReaderOwoxSecret', 'the-ReaderMetabaseSecret'].map(restore),
    );
  });

  it('nothing is asked that the stack does not have, and nothing told of what cannot be read', async () => {
    const ids = new Map(
      [...allIds].filter(([logicalId]) => !/^Reader\w+(User|Role|Secret)$/.test(logicalId)),
    );
    const gone = [...allIds.values()];
    expect(await faultsOf({ unread, gone, ids })).toEqual([]);
    const parts = READERS.flatMap(({ name }) => [
      `the identity of the reader ${name}`,
      `the secret of the reader ${name}`,
    ]);
    expect(await faultsOf({ unread: [...unread, ...parts], gone })).toEqual([]);
  });
});
