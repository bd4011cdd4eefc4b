import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/MovableClock.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { type Functions, startFunctions } from '../../src/server/startFunctions.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';

const opened = closedAfterEach();

const NAME = 'app-local-caller';
/** Less than the minute within which a caller's time and ours are taken for one. */
const STEP_MS = 45_000;
/** Together more than the quarter of an hour that a signature may be off. */
const CALLS = 30;

describe('a signature check while the clock moves in small steps', () => {
  const clock = new MovableClock();
  const directory = temporaryDirectory();
  let store: ObjectStore;
  let edge: Edge;
  let functions: Functions;
  /** Moved once during each call, before it is answered. */
  let moving = false;

  beforeAll(async () => {
    store = ObjectStore.open({ directory: `${directory.path}/s3`, clock });
    edge = await startEdge({
      services: [s3Service({ store })],
      clock,
      otherTimes: () => clock.timesByPastOffsets(),
      admit: () => {
        if (moving) void clock.set(clock.now() + STEP_MS);
      },
    });
    const code = fileURLToPath(new URL('../fixtures/functions/caller.mjs', import.meta.url));
    functions = startFunctions({
      openLog: () => () => undefined,
      region: 'us-east-1',
      endpoint: edge.url,
      environment: {},
      credentialsOf: () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      clock,
    });
    const caller = {
      hasJsonLog: false,
      reservedConcurrency: undefined,
      name: NAME,
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${NAME}`,
      role: 'arn:aws:iam::000000000000:role/caller',
      modulePath: 'caller.mjs',
      exportName: 'handler',
      memoryMb: 128,
      timeoutSeconds: 60,
      env: {},
      recursiveLoop: 'Terminate' as const,
    };
    await functions.add(caller, dirname(code));
  });
  afterAll(async () => {
    await functions.close();
    await edge.close();
    store.close();
    directory.remove();
  });

  const invoke = async (calls: number): Promise<unknown> =>
    JSON.parse(await functions.invoke(NAME, JSON.stringify({ calls })));
  const listed = (calls: number) => Array.from({ length: calls }, () => 'listed');

  it('accepts a function that signs with the time of its invocation', async () => {
    moving = true;
    expect(await invoke(CALLS)).toEqual(listed(CALLS));
    moving = false;
    // In the same environment, with the client that it has kept.
    for (const byMs of [0, HOUR_MS, -2 * HOUR_MS]) {
      await clock.set(clock.now() + byMs);
      expect({ byMs, listed: await invoke(2) }).toEqual({ byMs, listed: listed(2) });
    }
  });

  it("accepts an outside client that signs with the machine's clock", async () => {
    const options = {
      endpoint: edge.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    };
    const s3 = opened(new S3Client(options), (client) => client.destroy());
    await clock.setReal();
    moving = true;
    for (let made = 0; made < CALLS; made += 1) await s3.send(new ListBucketsCommand({}));
    moving = false;
    expect(Math.abs(s3.config.systemClockOffset)).toBeLessThan(60_000);
  });
});
