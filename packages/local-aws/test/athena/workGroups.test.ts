import {
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  GetWorkGroupCommand,
  ListWorkGroupsCommand,
  UpdateWorkGroupCommand,
} from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedRunner } from '../../src/testing/ScriptedRunner.ts';
import { BUCKET, runToEnd, START, startAthena, submit } from '../../src/testing/startAthena.ts';

let athena: Awaited<ReturnType<typeof startAthena>>;
beforeEach(async () => {
  athena = await startAthena(() => new ScriptedRunner());
});
afterEach(() => athena.close());

const get = async (name: string) =>
  (await athena.client.send(new GetWorkGroupCommand({ WorkGroup: name }))).WorkGroup;
const engine = { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' };

describe('workgroups', () => {
  it('include primary, in which clients set the output location', async () => {
    expect(await get('primary')).toEqual({
      Name: 'primary',
      State: 'ENABLED',
      Configuration: {
        ResultConfiguration: {},
        EnforceWorkGroupConfiguration: false,
        PublishCloudWatchMetricsEnabled: false,
        RequesterPaysEnabled: false,
        EngineVersion: engine,
      },
      CreationTime: new Date(START),
    });
    await expect(
      athena.client.send(new DeleteWorkGroupCommand({ WorkGroup: 'primary' })),
    ).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'The primary workgroup cannot be deleted',
    });
  });

  it('are created, updated member by member, listed and kept', async () => {
    const create = () =>
      athena.client.send(
        new CreateWorkGroupCommand({
          Name: 'readers',
          Description: 'those who read',
          Tags: [{ Key: 'team', Value: 'data' }],
          Configuration: {
            BytesScannedCutoffPerQuery: 10_000_000,
            ResultConfiguration: {
              OutputLocation: `s3://${BUCKET}/`,
              EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
            },
          },
        }),
      );
    await create();
    await expect(create()).rejects.toMatchObject({ message: 'WorkGroup is already created' });
    await athena.client.send(
      new UpdateWorkGroupCommand({
        WorkGroup: 'readers',
        State: 'DISABLED',
        ConfigurationUpdates: {
          RemoveBytesScannedCutoffPerQuery: true,
          PublishCloudWatchMetricsEnabled: true,
          ResultConfigurationUpdates: {
            OutputLocation: `s3://${BUCKET}/new/`,
            RemoveEncryptionConfiguration: true,
          },
        },
      }),
    );
    await athena.restart();
    const expected = {
      Name: 'readers',
      State: 'DISABLED',
      Description: 'those who read',
      Configuration: {
        EnforceWorkGroupConfiguration: true,
        PublishCloudWatchMetricsEnabled: true,
        RequesterPaysEnabled: false,
        ResultConfiguration: { OutputLocation: `s3://${BUCKET}/new/` },
        EngineVersion: engine,
      },
      CreationTime: new Date(START),
    };
    expect(await get('readers')).toEqual(expected);
    await expect(submit(athena.client, 'q', { WorkGroup: 'readers' })).rejects.toMatchObject({
      message: 'WorkGroup readers is disabled.',
    });
    const first = await athena.client.send(new ListWorkGroupsCommand({ MaxResults: 1 }));
    const second = await athena.client.send(new ListWorkGroupsCommand({ NextToken: first.NextToken }));
    expect([first, second].map(({ WorkGroups }) => WorkGroups?.map(({ Name }) => Name))).toEqual([
      ['primary'],
      ['readers'],
    ]);
  });

  it('are deleted with their content only on request', async () => {
    athena.athena.ensureWorkGroup('used', {
      Name: 'used',
      WorkGroupConfiguration: { ResultConfiguration: { OutputLocation: `s3://${BUCKET}/` } },
    });
    await runToEnd(athena.client, 'q', { WorkGroup: 'used' });
    const remove = (RecursiveDeleteOption: boolean) =>
      athena.client.send(new DeleteWorkGroupCommand({ WorkGroup: 'used', RecursiveDeleteOption }));
    await expect(remove(false)).rejects.toMatchObject({ message: 'WorkGroup used is not empty' });
    await remove(true);
    await expect(get('used')).rejects.toMatchObject({ message: 'WorkGroup is not found.' });
  });

  it('of a template are updated at every start', async () => {
    const ensure = (BytesScannedCutoffPerQuery: number) =>
      athena.athena.ensureWorkGroup('app', {
        Name: 'app',
        WorkGroupConfiguration: { BytesScannedCutoffPerQuery },
      });
    ensure(10_000_000);
    athena.clock.advance(1_000);
    ensure(20_000_000);
    expect(await get('app')).toMatchObject({
      Configuration: { BytesScannedCutoffPerQuery: 20_000_000 },
      CreationTime: new Date(START),
    });
    expect(() => athena.athena.ensureWorkGroup('x', { Name: 'x', Colour: 'red' })).toThrow('Colour');
  });

  it.each([
    ['a name that is none', { Name: 'a b' }, 'InvalidRequestException', 'Name'],
    [
      'too small a cutoff',
      { Name: 'x', Configuration: { BytesScannedCutoffPerQuery: 1 } },
      'InvalidRequestException',
      'BytesScannedCutoffPerQuery must be greater than or equal to 10000000',
    ],
    [
      'another engine',
      { Name: 'x', Configuration: { EngineVersion: { SelectedEngineVersion: 'PySpark engine version 3' } } },
      'InvalidRequestException',
      'SelectedEngineVersion',
    ],
    [
      'managed results',
      { Name: 'x', Configuration: { ManagedQueryResultsConfiguration: { Enabled: true } } },
      'NotImplemented',
      'ManagedQueryResultsConfiguration',
    ],
  ])('are refused with %s', async (_, input, name, words) => {
    await expect(athena.client.send(new CreateWorkGroupCommand(input))).rejects.toMatchObject({
      name,
      message: expect.stringContaining(words),
    });
  });
});
