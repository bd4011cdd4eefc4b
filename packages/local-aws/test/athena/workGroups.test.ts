import {
  GetWorkGroupCommand,
  ListWorkGroupsCommand,
  type ListWorkGroupsCommandOutput,
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
  });

  it('are never without primary', () => {
    expect(() => athena.athena.deleteWorkGroup('primary', { recursive: true })).toThrow('cannot be deleted');
  });

  it('are updated member by member, and kept over a restart', async () => {
    athena.athena.ensureWorkGroup('readers', {
      Name: 'readers',
      Description: 'those who read',
      WorkGroupConfiguration: { ResultConfiguration: { OutputLocation: `s3://${BUCKET}/` } },
    });
    await athena.client.send(
      new UpdateWorkGroupCommand({
        WorkGroup: 'readers',
        State: 'DISABLED',
        ConfigurationUpdates: {
          PublishCloudWatchMetricsEnabled: true,
          ResultConfigurationUpdates: { OutputLocation: `s3://${BUCKET}/new/` },
        },
      }),
    );
    await athena.restart();
    expect(await get('readers')).toEqual({
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
    });
  });

  it('run no query while they are disabled', async () => {
    athena.athena.ensureWorkGroup('off', { Name: 'off', State: 'DISABLED' });
    await expect(submit(athena.client, 'q', { WorkGroup: 'off' })).rejects.toMatchObject({
      message: 'WorkGroup off is disabled.',
    });
  });

  it('are listed in pages', async () => {
    const namesOf = ({ WorkGroups = [] }: ListWorkGroupsCommandOutput) => WorkGroups.map(({ Name }) => Name);
    athena.athena.ensureWorkGroup('readers', { Name: 'readers' });
    const first = await athena.client.send(new ListWorkGroupsCommand({ MaxResults: 1 }));
    const rest = await athena.client.send(new ListWorkGroupsCommand({ NextToken: first.NextToken }));
    expect(namesOf(first)).toEqual(['primary']);
    expect(namesOf(rest)).toEqual(['readers']);
  });

  it('are deleted with their content only on request', async () => {
    athena.athena.ensureWorkGroup('used', {
      Name: 'used',
      WorkGroupConfiguration: { ResultConfiguration: { OutputLocation: `s3://${BUCKET}/` } },
    });
    await runToEnd(athena.client, 'q', { WorkGroup: 'used' });
    const remove = (recursive: boolean) => athena.athena.deleteWorkGroup('used', { recursive });
    expect(() => remove(false)).toThrow('WorkGroup used is not empty');
    remove(true);
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
  });

  it('are refused with a property that Athena lacks', () => {
    expect(() => athena.athena.ensureWorkGroup('x', { Name: 'x', Colour: 'red' })).toThrow('Colour');
  });

  it.each([
    {
      what: 'too small a cutoff',
      WorkGroupConfiguration: { BytesScannedCutoffPerQuery: 1 },
      words: 'must be greater than or equal to 10000000',
    },
    {
      what: 'another engine',
      WorkGroupConfiguration: { EngineVersion: { SelectedEngineVersion: 'PySpark' } },
      words: 'SelectedEngineVersion',
    },
    {
      what: 'managed results',
      WorkGroupConfiguration: { ManagedQueryResultsConfiguration: {} },
      words: 'ManagedQueryResultsConfiguration',
    },
  ])('are refused with $what', async ({ WorkGroupConfiguration, words }) => {
    expect(() => athena.athena.ensureWorkGroup('x', { Name: 'x', WorkGroupConfiguration })).toThrow(words);
  });
});
