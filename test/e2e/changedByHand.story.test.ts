import { AthenaClient, UpdateWorkGroupCommand } from '@aws-sdk/client-athena';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { DeleteUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, expect, it } from '@jest/globals';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const story = await storyCloud({ readers: [{ kind: 'metabase', name: 'metabase' }] });
const glue = story.kept(new GlueClient(story.clientOptions()));
const athena = story.kept(new AthenaClient(story.clientOptions()));
const DatabaseName = story.cloud.database;
afterAll(() => story.close());

/** What `sluice status` finds, but for what is said of a new stage. */
const found = async (): Promise<readonly Finding[]> => (await story.json('status')).problems;

const inputOf = async (Name: string): Promise<TableInput> => {
  const { Table: { TableType, PartitionKeys, StorageDescriptor, Parameters, ViewOriginalText } = {} } =
    await glue.send(new GetTableCommand({ DatabaseName, Name }));
  return { Name, TableType, PartitionKeys, StorageDescriptor, Parameters, ViewOriginalText };
};

it('sluice status sees what a crawler made of a table, a view and a workgroup that somebody changed, and what is gone', async () => {
  expect(await found()).toEqual([]);
  const crawled = await inputOf('statsig_forwarded_events');
  const columns = (crawled.StorageDescriptor?.Columns ?? []).map((one) =>
    one.Name === 'event_value' ? { ...one, Type: 'double' } : one,
  );
  columns.push({ Name: 'partition_0', Type: 'string' });
  const StorageDescriptor = { ...crawled.StorageDescriptor, Columns: columns };
  await glue.send(new UpdateTableCommand({ DatabaseName, TableInput: { ...crawled, StorageDescriptor } }));
  const view = await inputOf('product_events');
  const own = JSON.stringify({ originalSql: 'SELECT 1 AS a', catalog: 'awsdatacatalog', columns: [] });
  const ViewOriginalText = `/* Presto View: ${Buffer.from(own).toString('base64')} */`;
  await glue.send(new UpdateTableCommand({ DatabaseName, TableInput: { ...view, ViewOriginalText } }));
  await glue.send(new DeleteTableCommand({ DatabaseName, Name: 'daily_exposures' }));
  for (const WorkGroup of ['sluice', 'sluice_metabase'])
    await athena.send(
      new UpdateWorkGroupCommand({
        WorkGroup,
        ConfigurationUpdates: {
          BytesScannedCutoffPerQuery: 10_000_000,
          EnforceWorkGroupConfiguration: false,
        },
      }),
    );
  const problems = await found();
  const named = (code: string) =>
    problems.filter((one) => one.code === `SLUICE_FINDING_${code}`).map(({ detail }) => detail);
  expect(named('TABLE_DIFFERS')).toEqual([
    expect.stringMatching(
      /^statsig_forwarded_events: StorageDescriptor\.Columns\.\d+\.Type: got "double", expected "string"; StorageDescriptor\.Columns\.\d+: got \{"Name":"partition_0","Type":"string"\}, expected none\.$/,
    ),
    'product_events: its SQL differs.',
  ]);
  expect(named('RESOURCE_MISSING')).toEqual(['The table or view sluice.daily_exposures.']);
  const limits =
    /WorkGroup\.Configuration\.EnforceWorkGroupConfiguration: got false, expected true; WorkGroup\.Configuration\.BytesScannedCutoffPerQuery: got 10000000, expected 1000000000000\.$/;
  expect(named('DRIFT')).toEqual([expect.stringMatching(limits), expect.stringMatching(limits)]);
  expect(problems.every(({ severity }) => severity === 'problem')).toBe(true);
  for (const { commands } of problems) for (const command of commands) await repair(command);
  expect((await found()).map(({ code }) => code)).toEqual(['SLUICE_FINDING_DRIFT', 'SLUICE_FINDING_DRIFT']);
});

/** Does what a printed command of Glue says. */
async function repair(command: string): Promise<void> {
  const [, , verb = ''] = command.split(' ');
  const input = /--table-input '(.*)' --region/.exec(command)?.[1];
  if (input === undefined) return;
  const words = { DatabaseName, TableInput: JSON.parse(input.replaceAll(`'\\''`, "'")) };
  await glue.send(verb === 'create-table' ? new CreateTableCommand(words) : new UpdateTableCommand(words));
}

it('a look at status that nobody waits for any longer ends by that alone', async () => {
  const signal = AbortSignal.abort(new Error('nobody waits'));
  await expect(readStatus({ ...story.deployment(), signal })).rejects.toThrow('nobody waits');
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
      detail: `The identity of a reader ${UserName}.`,
      commands: expect.arrayContaining([expect.stringContaining('--deployment-mode REVERT_DRIFT')]),
    }),
  );
});

it('sluice status names the SDK whose clock is off by hours, and the key', async () => {
  const now = story.clock.now();
  const clock = now - 3 * 3_600_000;
  const headers = {
    'statsig-client-time': `${clock}`,
    'statsig-sdk-type': 'py-server',
    'statsig-sdk-version': '0.40.0',
  };
  for (const user of ['ada', 'bea'])
    await story.post({
      headers,
      events: [{ eventName: 'buy', time: clock - 5_000, user: { userID: user } }],
    });
  await story.post({ events: [{ eventName: 'buy', time: now, user: { userID: 'cem' } }] });
  const off = (await found()).filter(({ code }) => code === 'SLUICE_FINDING_CLOCK_OFF');
  expect(off).toMatchObject([
    {
      severity: 'warning',
      detail: expect.stringMatching(
        /^2 events, 66\.7 % of all, from py-server 0\.40\.0 with the key any, first \S+, last \S+: up to 3\.0 hours behind, corrected: the days are right\.$/,
      ),
    },
  ]);
});
