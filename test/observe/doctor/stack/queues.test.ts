import { type GetQueueAttributesCommandInput, QueueDoesNotExist, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { judgeQueue, queuesLook } from '../../../../observe/doctor/stack/queues.ts';
import { findingCatalogue } from '../../../../observe/findings/catalogue.ts';
import { type AskedCall, answeredBy } from '../../../harness/answering.ts';
import { commands, setupOf } from '../setupOf.ts';

it('of the queues of a stack those are told that are gone or changed', async () => {
  const asked: string[] = [];
  const sqs = answeredBy(SQSClient, ({ input }: AskedCall<GetQueueAttributesCommandInput>) => {
    const { QueueUrl = '' } = input;
    asked.push(QueueUrl);
    if (QueueUrl.endsWith('gone')) throw new QueueDoesNotExist({ message: 'no queue', $metadata: {} });
    return QueueUrl.endsWith('-register') ? { Attributes: { VisibilityTimeout: '5' } } : {};
  });
  const resources = new Map([
    ['WriteQueue', 'https://sqs/1/gone'],
    ['RegisterQueue', 'https://sqs/1/sluice-prod-register'],
    ['CurateQueue', 'https://sqs/1/sluice-prod-curate'],
    // The mapping of a function to its queue ends in the queue's name, and has no address.
    ['ExportQueue', 'a-mapping-gone'],
    ['CollectorUrl', 'https://endpoint/gone'],
  ]);
  const about = { stack: { service: 'sluice', stage: 'prod' }, stackName: 'sluice-prod', isLocal: false };
  const setup = {
    ...about,
    config: defineConfig({ bucket: 'acme' }),
    deployed: undefined,
    resources,
    sqs,
    commands,
  };
  expect(await queuesLook.find(setupOf(setup))).toMatchObject([
    { code: 'SLUICE_FINDING_RESOURCE_MISSING', detail: 'The queue gone.' },
    {
      code: 'SLUICE_FINDING_DRIFT',
      detail:
        'queue sluice-prod-register: VisibilityTimeout is 5 seconds instead of 370; RedrivePolicy is not set.',
    },
  ]);
  expect(asked).toEqual(
    ['gone', 'sluice-prod-register', 'sluice-prod-curate'].map((name) => `https://sqs/1/${name}`),
  );
});

it.each([
  { isLocal: true, name: 'local' },
  { isLocal: false, name: 'stack' },
] as const)('a queue that is gone has the cure of $name', ({ isLocal, name }) => {
  const { cause } = findingCatalogue.SLUICE_FINDING_RESOURCE_MISSING.cases[name];
  expect(judgeQueue('q', isLocal, []).cause).toBe(cause);
});
