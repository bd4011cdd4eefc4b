import { AthenaClient, UpdateWorkGroupCommand } from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DeleteUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import {
  DeleteSecretCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lib/base/time.ts';
import { diagnose } from '../../observe/doctor/diagnose.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import type { Status } from '../../observe/findings/status.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { shellWords } from '../harness/npxWords.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const story = await storyCloud(
  { readers: [{ kind: 'metabase', name: 'metabase' }] },
  { startsAt: '2026-11-20T05:00:00Z' },
);
const glue = story.kept(new GlueClient(story.clientOptions()));
const athena = story.kept(new AthenaClient(story.clientOptions()));
const DatabaseName = story.cloud.database;
afterAll(() => story.close());

/** What `sluice status` finds, but for what is said of a new stage. */
const found = async (): Promise<readonly Finding[]> => (await story.json<Status>('status')).problems;

const inputOf = async (Name: string): Promise<TableInput> => {
  const { Table: { TableType, PartitionKeys, StorageDescriptor, Parameters, ViewOriginalText } = {} } =
    await glue.send(new GetTableCommand({ DatabaseName, Name }));
  return { Name, TableType, PartitionKeys, StorageDescriptor, Parameters, ViewOriginalText };
};
const update = (TableInput: TableInput) => glue.send(new UpdateTableCommand({ DatabaseName, TableInput }));
const details = (problems: readonly Finding[]) =>
  problems.map(({ code, detail }) => `${code.replace('SLUICE_FINDING_', '')} ${detail}`);

it('sluice status sees what a crawler made of a table, a view and a workgroup that somebody changed, and what is gone; its commands end it', async () => {
  expect(await found()).toEqual([]);
  const crawled = await inputOf('statsig_forwarded_events');
  const { Columns = [], ...storage } = crawled.StorageDescriptor ?? {};
  const columns = Columns.filter(({ Name }) => Name !== 'user_id').map((column) =>
    column.Name === 'event_value' ? { ...column, Type: 'double' } : column,
  );
  const StorageDescriptor = { ...storage, Columns: [{ Name: 'partition_0', Type: 'string' }, ...columns] };
  await update({ ...crawled, StorageDescriptor });
  const moved = await inputOf('statsig_forwarded_exposures');
  const place = { ...moved.StorageDescriptor, Location: 's3://elsewhere/' };
  const SerdeInfo = { ...place.SerdeInfo, SerializationLibrary: 'x.LazySimpleSerDe' };
  const Parameters = {
    ...moved.Parameters,
    'projection.enabled': 'true',
    classification: 'csv',
    sizeKey: '9',
  };
  await update({ ...moved, Parameters, StorageDescriptor: { ...place, SerdeInfo } });
  const view = await inputOf('product_events');
  const own = JSON.stringify({ originalSql: 'SELECT 1 AS a', catalog: 'awsdatacatalog', columns: [] });
  const ViewOriginalText = `/* Presto View: ${Buffer.from(own).toString('base64')} */`;
  await update({ ...view, ViewOriginalText });
  await glue.send(new DeleteTableCommand({ DatabaseName, Name: 'daily_exposures' }));
  const limits = { BytesScannedCutoffPerQuery: 10_000_000, EnforceWorkGroupConfiguration: false };
  const results = { OutputLocation: 's3://elsewhere/', ExpectedBucketOwner: '111122223333' };
  const ConfigurationUpdates = { ...limits, ResultConfigurationUpdates: results };
  await athena.send(new UpdateWorkGroupCommand({ WorkGroup: 'sluice', State: 'DISABLED' }));
  await athena.send(new UpdateWorkGroupCommand({ WorkGroup: 'sluice_metabase', ConfigurationUpdates }));
  const problems = await found();
  expect(details(problems)).toEqual([
    expect.stringMatching(
      /^TABLE_DIFFERS statsig_forwarded_exposures: Location is "s3:\/\/elsewhere\/" instead of "s3:\S+\/"; SerdeInfo\.SerializationLibrary is "x\.LazySimpleSerDe" instead of "org\.\S+"; Parameters\.classification is "csv" instead of "parquet"; parameter `projection\.enabled` is not ours\.$/,
    ),
    'TABLE_DIFFERS statsig_forwarded_events: column `event_value` is double instead of string; column `user_id` is missing; column `partition_0` is not ours.',
    'TABLE_DIFFERS product_events: its SQL differs.',
    'RESOURCE_MISSING The view sluice.daily_exposures.',
    'DRIFT workgroup sluice: State is "DISABLED" instead of "ENABLED".',
    expect.stringMatching(
      /^DRIFT workgroup sluice_metabase: EnforceWorkGroupConfiguration is false instead of true; BytesScannedCutoffPerQuery is 10000000 instead of 1000000000000; ResultConfiguration\.OutputLocation is "s3:\/\/elsewhere\/" instead of "s3:\S+\/"; ResultConfiguration\.ExpectedBucketOwner is "111122223333" instead of "000000000000"\.$/,
    ),
    expect.stringMatching('^UNREADABLE the content of events, the tables: '),
  ]);
  expect(problems.filter(({ section }) => section === null)).toHaveLength(1);
  await repair(problems);
  expect(await found()).toEqual([]);
});

it('sluice status and sluice doctor name the settings that are not deployed, and compare nothing with them', async () => {
  const { config } = story.cloud;
  const read = {
    ...config,
    tables: { ...config.tables, events: 'my_events' },
    unitIds: { companyID: 'company_id' },
    retention: { ...config.retention, quarantineDays: 7 },
    readers: [],
  };
  const deployment = { ...story.deployment(), config: read };
  const { problems } = await readStatus(deployment);
  const { checks, skipped } = await diagnose(deployment);
  const ofStack = checks.filter(({ check }) => check === 'stack').flatMap(({ findings }) => findings);
  for (const findings of [problems, ofStack])
    expect(findings).toMatchObject([
      {
        code: 'SLUICE_FINDING_STACK_DIFFERS',
        since: null,
        title: expect.stringMatching(
          /^sluice-local, deployed last at 2026-\S+, .* differ in 4 settings: readers\.metabase, .*, seen now\.$/,
        ),
        detail:
          'readers.metabase: deployed, not configured; retention.quarantineDays: deployed 90, configured 7; tables.events: deployed statsig_forwarded_events, configured my_events; unitIds.companyID: configured company_id, not deployed.',
        commands: [expect.stringContaining('describe-stacks')],
      },
    ]);
  expect(checks.map(({ check }) => check)).toEqual(['account', 'stack']);
  expect(skipped).toContain('bucket-settings');
});

/** Does what printed commands of AWS say, in their order. */
async function repair(problems: readonly Finding[]): Promise<void> {
  for (const command of problems.flatMap(({ commands }) => commands)) {
    const words = shellWords(command);
    const [, , verb = ''] = words;
    const option = (name: string) => words[words.indexOf(`--${name}`) + 1] ?? '';
    const json = (name: string) => JSON.parse(option(name));
    const DatabaseName = option('database-name');
    const run = {
      'create-table': () =>
        glue.send(new CreateTableCommand({ DatabaseName, TableInput: json('table-input') })),
      'update-table': () =>
        glue.send(new UpdateTableCommand({ DatabaseName, TableInput: json('table-input') })),
      'delete-table': () => glue.send(new DeleteTableCommand({ DatabaseName, Name: option('name') })),
      'update-work-group': () =>
        athena.send(
          new UpdateWorkGroupCommand({
            WorkGroup: option('work-group'),
            ConfigurationUpdates: json('configuration-updates'),
            ...(words.includes('--state') ? { State: 'ENABLED' } : {}),
          }),
        ),
      // What it sends to the registrar's queue is asked once an hour, too.
      'send-message': () => story.advance(HOUR_MS),
    }[verb];
    if (run === undefined) throw new Error(command);
    await run();
  }
}

it('a look at status that nobody waits for any longer ends by that alone', async () => {
  const signal = AbortSignal.abort(new Error('nobody waits'));
  await expect(readStatus({ ...story.deployment(), signal })).rejects.toThrow('nobody waits');
});

it('sluice status sees that the secret of a reader is deleted, until its command takes that back', async () => {
  const secrets = story.kept(new SecretsManagerClient(story.clientOptions()));
  const stacks = story.kept(new CloudFormationClient(story.clientOptions()));
  const { Stacks: [{ Outputs = [] } = {}] = [] } = await stacks.send(
    new DescribeStacksCommand({ StackName: 'sluice-local' }),
  );
  const SecretId =
    Outputs.find(({ OutputKey }) => OutputKey === 'ReaderMetabaseSecretArn')?.OutputValue ?? '';
  await secrets.send(new DeleteSecretCommand({ SecretId }));
  const [missing, ...others] = await found();
  expect(others).toEqual([]);
  expect(missing?.title).toContain(
    `The secret ${SecretId} of the reader metabase is deleted, and can be brought back until 2026-12-20T`,
  );
  expect(missing?.commands.map((command) => shellWords(command).slice(0, 5))).toEqual([
    ['aws', 'secretsmanager', 'restore-secret', '--secret-id', SecretId],
  ]);
  await secrets.send(new RestoreSecretCommand({ SecretId }));
  expect(await found()).toEqual([]);
});

it('sluice status sees that the user of a reader is gone', async () => {
  const iam = story.kept(new IAMClient(story.clientOptions()));
  const { principal } = await story.credentialsOf('ReaderMetabaseUser');
  const UserName = principal.slice(principal.indexOf('/') + 1);
  await iam.send(new DeleteUserCommand({ UserName }));
  expect(await found()).toContainEqual(
    expect.objectContaining({
      code: 'SLUICE_FINDING_RESOURCE_MISSING',
      severity: 'problem',
      title: expect.stringContaining(`The user ${UserName} of the reader metabase of the deployment of `),
      detail: expect.stringMatching(/^Metabase cannot read any table /),
      // Its next start makes it.
      commands: [],
    }),
  );
});

it('sluice status prints how a table with other partition keys comes back', async () => {
  await story.post({ events: [{ eventName: 'buy', time: story.clock.now(), user: { userID: 'ada' } }] });
  await story.cloud.flush();
  const Name = 'statsig_forwarded_events';
  const registered = await story.partitions(Name);
  expect(registered).not.toEqual([]);
  const input = await inputOf(Name);
  await glue.send(new DeleteTableCommand({ DatabaseName, Name }));
  const PartitionKeys = [{ Name: 'year', Type: 'string' }];
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput: { ...input, PartitionKeys } }));
  const problems = (await found()).filter(({ code }) => code === 'SLUICE_FINDING_TABLE_DIFFERS');
  expect(details(problems)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^TABLE_DIFFERS ${Name}: partition key \`ds\` is missing; partition key \`year\` is not ours\\. For it nobody can read the tables: `,
      ),
    ),
  ]);
  await repair(problems);
  await story.cloud.flush();
  expect(await story.partitions(Name)).toEqual(expect.arrayContaining(registered));
});

it('sluice status names a file of a table that somebody replaced by no Parquet, until its command copies it back', async () => {
  expect(await story.post({ events: [{ eventName: 'buy', user: { userID: 'u1' } }] })).toBe(202);
  await story.cloud.flush();
  const [Key = ''] = await story.keys('statsig/statsig_forwarded_events/');
  await story.put(Key, 'no Parquet at all');
  const damaged = (await found()).find(({ code }) => code.endsWith('FILE_DAMAGED'));
  expect(damaged?.title).toContain(Key);
  await story.cure('FILE_DAMAGED');
  const rows = await story.query("SELECT user_id FROM statsig_forwarded_events WHERE user_id = 'u1'");
  expect(rows).toEqual([{ user_id: 'u1' }]);
  expect((await found()).filter(({ code }) => code.endsWith('FILE_DAMAGED'))).toEqual([]);
});

it('sluice status and sluice doctor have one finding of a conditional statement that denies calls; its command ends it', async () => {
  const s3 = story.s3By();
  const Condition = { StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' } };
  const Resource = `arn:aws:s3:::${story.cloud.bucket}/statsig/*`;
  const putBack = await story.deny({ Sid: 'Own', Action: 's3:PutObject', Resource, Condition });
  await story.post({ events: [{ eventName: 'buy', time: story.clock.now(), user: { userID: 'ada' } }] });
  await story.cloud.flush();
  // By then objects of landing/ are late, too, for this reason.
  await story.jumpHours(2);
  // An earlier test has deleted the user of a reader.
  const isProblem = ({ code, severity }: Finding) =>
    severity === 'problem' && code !== 'SLUICE_FINDING_RESOURCE_MISSING';
  const problems = (await found()).filter(isProblem);
  const { checks } = await diagnose(story.deployment());
  const seen = checks.flatMap(({ findings }) => findings).filter(isProblem);
  for (const findings of [problems, seen])
    expect(findings).toMatchObject([
      {
        code: 'SLUICE_FINDING_ROLE_DENIED',
        title: expect.stringMatching(
          /^The policy of \S+ \(Own\) denied \d+ calls? of sluice-local-WriteRole-\S+, s3:PutObject on \S+, since 2026-/,
        ),
        detail: expect.stringMatching(
          / first 2026-\S+, last 2026-.* SLUICE_FINDING_LANDING_LATE: landing\/: /s,
        ),
        commands: [
          expect.stringMatching(/^aws s3api put-bucket-policy --bucket /),
          expect.stringMatching(/^npx sluice redrive --landing /),
        ],
      },
    ]);
  const words = shellWords(problems[0]?.commands[0] ?? '');
  const Policy = words[words.indexOf('--policy') + 1];
  await s3.send(new PutBucketPolicyCommand({ Bucket: story.cloud.bucket, Policy }));
  await story.jumpHours(1);
  expect((await found()).filter(isProblem)).toEqual([]);
  await putBack();
});
