import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
} from '@aws-sdk/client-firehose';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { type Cloud, type CloudPackage, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';

describe('the deployed stack in the local cloud', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-update-'));
  const data = join(scratch, 'data');
  let loaded: CloudPackage;
  let cloud: Cloud;
  const start = async () => {
    cloud = await startCloud({ port: 0, edgePort: 0, data, enforceIam: true, load: async () => loaded });
  };
  beforeAll(async () => {
    loaded = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
    });
    await start();
  });
  afterAll(async () => {
    await cloud?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  const client = () => ({
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const describeStack = async () => {
    const cloudFormation = new CloudFormationClient(client());
    return (await cloudFormation.send(new DescribeStacksCommand({}))).Stacks?.[0];
  };
  const post = async (eventName: string) => {
    const response = await fetch(`${cloud.collector}/v1/my-product-data?k=client-some-key-0123456789`, {
      method: 'POST',
      body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time: Date.now() }] }),
    });
    return response.status;
  };

  it('is not updated by a start with the same package, on other ports', async () => {
    expect(await post('first')).toBe(202);
    await cloud.close();
    await start();
    const stack = await describeStack();
    expect([stack?.StackStatus, stack?.LastUpdatedTime]).toEqual(['CREATE_COMPLETE', undefined]);
  });

  it('is updated with other settings and other code while events arrive, and loses none', async () => {
    const template: CloudPackage['template'] = structuredClone(loaded.template);
    const properties = template.Resources['LandingStream']?.Properties ?? {};
    const destination = Object(properties['ExtendedS3DestinationConfiguration']);
    destination.BufferingHints = { ...destination.BufferingHints, IntervalInSeconds: 123 };
    const directory = join(scratch, 'code');
    cpSync(loaded.directory, directory, { recursive: true });

    let sent = 0;
    let updated = false;
    const statuses = new Set<number>();
    const traffic = (async () => {
      for (; !updated; sent += 1) statuses.add(await post('during'));
    })();
    const { changes, left } = await cloud.update({ ...loaded, template, directory });
    updated = true;
    await traffic;

    expect(left).toEqual([]);
    const functions = Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
      .map(([logicalId]) => logicalId);
    expect(changes.map(({ logicalId }) => logicalId).toSorted()).toEqual(
      ['LandingStream', ...functions].toSorted(),
    );
    expect([...statuses]).toEqual([202]);
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    expect(
      await runQuery(
        data,
        'SELECT event_name, count(*)::int AS n FROM statsig_forwarded_events GROUP BY 1 ORDER BY 1',
      ),
    ).toEqual([
      { event_name: 'during', n: sent },
      { event_name: 'first', n: 1 },
    ]);
    const firehose = new FirehoseClient(client());
    const { DeliveryStreamNames = [] } = await firehose.send(new ListDeliveryStreamsCommand({}));
    const { DeliveryStreamDescription: stream } = await firehose.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: DeliveryStreamNames[0] }),
    );
    expect(stream).toMatchObject({
      VersionId: '2',
      Destinations: [{ ExtendedS3DestinationDescription: { BufferingHints: { IntervalInSeconds: 123 } } }],
    });
    expect((await describeStack())?.StackStatus).toBe('UPDATE_COMPLETE');
  });
});
