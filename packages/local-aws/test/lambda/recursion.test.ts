import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import type { RecursiveLoop } from '../../src/lambda/EventSourceMapping.ts';
import { type Functions, startFunctions } from '../../src/server/startFunctions.ts';
import { startTriggers, type Triggers } from '../../src/server/startTriggers.ts';
import { sqsService } from '../../src/sqs/index.ts';
import { Queues } from '../../src/sqs/Queues.ts';
import { queueSettingsSchema } from '../../src/sqs/queueSettings.ts';
import { invocationsInChain, invocationTrace } from '../../src/sqs/recursion.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const ACCOUNT = '000000000000';
const NAME = 'loop';
const ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${NAME}`;

describe('a chain of invocations', () => {
  it('counts each function separately, along the longest path', () => {
    const other = `${ARN}-other`;
    const first = invocationTrace([undefined], ARN);
    const second = invocationTrace([first], other);
    const third = invocationTrace([second, first], ARN);
    expect([first, second, third].map((trace) => invocationsInChain(trace, ARN))).toEqual([1, 1, 2]);
    expect(invocationsInChain(third, other)).toBe(1);
    expect(third.split(';')[0]).toBe(first.split(';')[0]);
  });

  it.each([undefined, '', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0', 'Lineage=x|9:zz:0'])(
    'starts again after %j',
    (header) => expect(invocationsInChain(header, ARN)).toBe(0),
  );
});

describe('a function that sends to its own queue', () => {
  const directory = temporaryDirectory();
  let queues: Queues;
  let edge: Edge;
  let functions: Functions;
  let triggers: Triggers;

  beforeEach(async () => {
    queues = Queues.open({
      directory: `${directory.path}/sqs`,
      clock: realClock,
      region: 'us-east-1',
      account: ACCOUNT,
    });
    edge = await startEdge({
      services: [sqsService({ queues, clock: realClock, account: ACCOUNT })],
      clock: realClock,
    });
  });
  afterEach(async () => {
    await triggers.close();
    await functions.close();
    await edge.close();
    queues.close();
    directory.remove();
  });

  /** Feeds the fixture from its queue; what Lambda stops goes to the queue `dead`. */
  async function start(recursiveLoop: RecursiveLoop) {
    const dead = queues.ensure('dead', queueSettingsSchema.parse({}));
    const RedrivePolicy = { deadLetterTargetArn: dead.arn, maxReceiveCount: 3 };
    const queue = queues.ensure('work', queueSettingsSchema.parse({ RedrivePolicy }));
    const code = fileURLToPath(new URL('../fixtures/functions/loop.mjs', import.meta.url));
    const deployed = {
      hasJsonLog: false,
      reservedConcurrency: undefined,
      name: NAME,
      arn: ARN,
      role: `arn:aws:iam::${ACCOUNT}:role/loop`,
      modulePath: 'loop.mjs',
      exportName: 'handler',
      memoryMb: 128,
      timeoutSeconds: 30,
      env: { QUEUE_URL: queues.urlOf('work', edge.url) },
      recursiveLoop,
    };
    functions = startFunctions({
      openLog: () => () => undefined,
      region: 'us-east-1',
      endpoint: edge.url,
      environment: {},
      credentialsOf: () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      clock: realClock,
    });
    await functions.add(deployed, dirname(code));
    triggers = startTriggers({ queues, functions, clock: realClock });
    triggers.addMapping({
      queueArn: queue.arn,
      functionName: NAME,
      batchSize: 1,
      windowSeconds: 0,
      maximumConcurrency: 2,
      partialResponses: false,
      enabled: true,
    });
    return { queue, dead };
  }

  /** Contents of the dead-letter queue after all messages were processed. */
  async function deadAfter(recursiveLoop: RecursiveLoop, count: number): Promise<readonly string[]> {
    const { queue, dead } = await start(recursiveLoop);
    queue.send(String(count));
    await triggers.drain();
    expect(queue.pending()).toBe(0);
    return dead.receive(10).map(({ body }) => body);
  }

  it('is not stopped within 16 invocations', async () => {
    expect(await deadAfter('Terminate', 15)).toEqual([]);
  });

  it('is stopped after 16 invocations, and the message goes to the dead-letter queue', async () => {
    expect(await deadAfter('Terminate', 40)).toEqual(['24']);
  });

  it('is never stopped when RecursiveLoop is Allow', async () => {
    expect(await deadAfter('Allow', 40)).toEqual([]);
  });
});
