import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import type { RecursiveLoop } from '../../src/lambda/EventSourceMapping.ts';
import { invocationsInChain, invocationTrace } from '../../src/lambda/recursion.ts';
import { type Functions, startFunctions } from '../../src/server/startFunctions.ts';
import { startTriggers, type Triggers } from '../../src/server/startTriggers.ts';
import { sqsService } from '../../src/sqs/index.ts';
import type { Queue } from '../../src/sqs/Queue.ts';
import { Queues } from '../../src/sqs/Queues.ts';
import { queueSettingsSchema } from '../../src/sqs/queueSettings.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const ACCOUNT = '000000000000';
const NAME = 'loop';
const ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${NAME}`;

describe('a chain of invocations', () => {
  const other = `${ARN}-other`;
  /** 0x5759e988 seconds. */
  const NOW = 1_465_510_280_123;
  const once = invocationTrace([undefined], ARN, NOW);
  const thrice = invocationTrace([invocationTrace([once], ARN, NOW)], ARN, NOW);

  it('counts each function separately', () => {
    const trace = invocationTrace([thrice], other, NOW);
    expect(invocationsInChain(trace, ARN)).toBe(3);
    expect(invocationsInChain(trace, other)).toBe(1);
  });

  it.each([
    { order: 'first', batch: [thrice, once] },
    { order: 'last', batch: [once, thrice] },
  ])('counts along the longest of the chains of a batch, where that is the $order', ({ batch }) => {
    expect(invocationsInChain(invocationTrace(batch, ARN, NOW), ARN)).toBe(4);
  });

  it('keeps the ID of its trace, which has the time of its beginning', () => {
    const [root] = once.split(';');
    expect(root).toMatch(/^Root=1-5759e988-[0-9a-f]{24}$/);
    expect(invocationTrace([once], other, NOW).split(';')[0]).toBe(root);
  });

  it.each([
    { what: 'no header', header: undefined },
    { what: 'an empty header', header: '' },
    { what: 'a trace of no function', header: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0' },
    { what: 'a lineage of another format', header: 'Lineage=x|9:zz:0' },
  ])('has no invocations before $what', ({ header }) => {
    expect(invocationsInChain(header, ARN)).toBe(0);
  });
});

describe('a function that sends to its own queue', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let queues: Queues;
  let edge: Edge;
  let functions: Functions | undefined;
  let triggers: Triggers | undefined;
  let invocations: number;

  beforeEach(async () => {
    directory = temporaryDirectory();
    invocations = 0;
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
    await triggers?.close();
    await functions?.close();
    await edge.close();
    queues.close();
    directory.remove();
  });

  /** The queues of a function, once it is fed. */
  interface Started {
    /** What the function takes from and sends to. */
    readonly queue: Queue;
    /** Where messages go that Lambda stops. */
    readonly dead: Queue;
    readonly triggers: Triggers;
  }

  /** Feeds the fixture from its queue. */
  async function start(recursiveLoop: RecursiveLoop): Promise<Started> {
    const dead = queues.ensure('dead', queueSettingsSchema.parse({}));
    // Lambda stops a chain whatever maxReceiveCount is.
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
      onInvoked: () => {
        invocations += 1;
      },
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
    return { queue, dead, triggers };
  }

  /** What has become of a chain when all its messages are processed. */
  interface Ended {
    readonly invocations: number;
    /** Bodies of the messages in the dead-letter queue. */
    readonly dead: readonly string[];
  }

  /** Sends a number, with which the function is invoked once for each number down to 0, unless it is stopped. */
  async function endOf(recursiveLoop: RecursiveLoop, count: number): Promise<Ended> {
    const { queue, dead, triggers: started } = await start(recursiveLoop);
    queue.send(String(count));
    await started.drain();
    expect(queue.pending()).toBe(0);
    return { invocations, dead: dead.receive(10).map(({ body }) => body) };
  }

  it('is not stopped within 16 invocations', async () => {
    expect(await endOf('Terminate', 15)).toEqual({ invocations: 16, dead: [] });
  });

  it('is stopped after 16 invocations, and the message goes to the dead-letter queue', async () => {
    expect(await endOf('Terminate', 40)).toEqual({ invocations: 16, dead: ['24'] });
  });

  it('is never stopped when RecursiveLoop is Allow', async () => {
    expect(await endOf('Allow', 40)).toEqual({ invocations: 41, dead: [] });
  });
});
