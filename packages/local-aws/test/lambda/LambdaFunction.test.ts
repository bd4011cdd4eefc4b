import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { LambdaFunction, type LambdaFunctionOptions } from '../../src/lambda/LambdaFunction.ts';
import { type Functions, startFunctions } from '../../src/server/startFunctions.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/functions/${name}`, import.meta.url));
const hosts = [
  ['a thread', fixture('handler.mjs')],
  ['a process, because it loads native code', fixture('native.mjs')],
] as const;
let handlerFile: string = hosts[0][1];
const opened: LambdaFunction[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((lambda) => lambda.close()));
});

/** A function that keeps its log. */
function open(options: Partial<LambdaFunctionOptions> = {}) {
  const log: string[] = [];
  const lambda = new LambdaFunction({
    handlerFile,
    handlerName: 'handler',
    functionName: 'app-dev-collect',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:app-dev-collect',
    memoryMb: 256,
    timeoutMs: 10_000,
    variables: { APP_BUCKET: 'b' },
    log: (text) => log.push(text),
    ...options,
  });
  opened.push(lambda);
  return {
    lambda,
    log,
    invoke: async (event: unknown) => JSON.parse(await lambda.invoke(JSON.stringify(event))),
  };
}

describe.each(hosts)('LambdaFunction in %s', (_, file) => {
  beforeEach(() => {
    handlerFile = file;
  });

  it('passes the handler its event, a context and only its own environment', async () => {
    const { invoke } = open();
    const result = await invoke({ a: 1 });
    expect(result).toMatchObject({ event: { a: 1 }, env: { APP_BUCKET: 'b' } });
    expect(result.env.PATH).toBeUndefined();
    expect(result.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(result.remaining).toBeGreaterThan(5_000);
  });

  it('keeps an execution environment warm and gives it one invocation at a time', async () => {
    const { invoke } = open({ concurrency: 2 });
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => invoke({ n })));
    expect(results.map(({ event }) => event.n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(Math.max(...results.map(({ running }) => running))).toBe(1);
    expect(Math.max(...results.map(({ invocations }) => invocations))).toBeGreaterThanOrEqual(10);
  });

  it("reports the handler's error and stays usable", async () => {
    const { lambda, invoke } = open();
    await expect(lambda.invoke('{"throw":"no good"}')).rejects.toMatchObject({
      errorType: 'TypeError',
      message: 'no good',
    });
    expect((await invoke({})).invocations).toBe(2);
  });

  it('ends an invocation that times out, and starts a new environment', async () => {
    const { lambda, invoke } = open({ timeoutMs: 300 });
    await lambda.warm();
    await expect(lambda.invoke('{"hang":true}')).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
      message: expect.stringContaining('Task timed out after 0.30 seconds'),
    });
    expect((await invoke({})).invocations).toBe(1);
  });

  it('survives a handler that ends the process', async () => {
    const { lambda, invoke } = open();
    await expect(lambda.invoke('{"exit":true}')).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((await invoke({})).invocations).toBe(1);
  });

  it('ends running invocations when it is closed', async () => {
    const { lambda } = open();
    await lambda.warm();
    const hanging = expect(lambda.invoke('{"hang":true}')).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
    });
    await lambda.close();
    await hanging;
  });

  it('limits request and response payloads to 6 MiB', async () => {
    const { lambda } = open();
    await expect(lambda.invoke(JSON.stringify('x'.repeat(6 * 1024 * 1024)))).rejects.toMatchObject({
      errorType: 'RequestEntityTooLargeException',
    });
    await expect(lambda.invoke('{"huge":true}')).rejects.toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
    });
  });

  it('gives the function the time of the local cloud at each invocation', async () => {
    let offsetMs = -86_400_000;
    const clock = { now: () => Date.now() + offsetMs };
    const { invoke } = open({ clock });
    const daysAhead = (times: readonly number[]) =>
      times.map((time) => Math.round((time - Date.now()) / 86_400_000));
    const first = await invoke({ time: true });
    expect(daysAhead(first.times)).toEqual([-1, -1, -1, -1, -1]);
    offsetMs = 10 * 86_400_000;
    const { times, ...rest } = await invoke({ time: true });
    expect(daysAhead(times)).toEqual([10, 10, 10, 10, -1]);
    expect(rest).toEqual({
      fixed: [2026, 0, Date.UTC(2026, 0)],
      kinds: [true, true, true, true],
      same: true,
    });
    const { remaining } = await invoke({});
    expect(remaining).toBeGreaterThan(5_000);
    expect(remaining).toBeLessThanOrEqual(10_000);
  });

  it('passes on all of the log output before the answer', async () => {
    const { invoke, log } = open();
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i} of the function`);
    await invoke({ log: lines });
    expect(log.join('').trim().split('\n')).toEqual(lines);
  });

  it.each([
    [{ handlerName: 'notAFunction' }, /exports no function 'notAFunction'/],
    [{ handlerFile: `${file}.missing.mjs` }, /Cannot find module/],
  ])('reports a bundle that does not load: %j', async (options, message) => {
    const { lambda } = open(options);
    await expect(lambda.warm()).rejects.toThrow(message);
    await expect(lambda.invoke('{}')).rejects.toThrow(message);
  });
});

describe('deployed functions', () => {
  const name = 'app-dev-collect';
  const deployed = {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    hasJsonLog: false,
    modulePath: 'handler.mjs',
    exportName: 'handler',
    env: {},
    timeoutSeconds: 10,
    memoryMb: 128,
    role: 'arn:aws:iam::000000000000:role/collect',
    reservedConcurrency: 1,
    recursiveLoop: 'Terminate' as const,
  };
  const code = dirname(fixture('handler.mjs'));
  let functions: Functions;
  beforeAll(async () => {
    functions = startFunctions({
      openLog: () => () => undefined,
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:1',
      environment: {},
      credentialsOf: () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      clock: realClock,
    });
    await functions.add(deployed, code);
  });
  afterAll(() => functions.close());

  it('are throttled above their reserved concurrency', async () => {
    const results = await Promise.allSettled([functions.invoke(name, '{}'), functions.invoke(name, '{}')]);
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { errorType: 'TooManyRequestsException' } },
    ]);
  });

  it('are invoked by a name that there is', async () => {
    await expect(functions.invoke('none', '{}')).rejects.toMatchObject({
      code: 'LOCAL_AWS_LOCAL_FUNCTION_UNKNOWN',
    });
  });

  it('have a name each', async () => {
    await expect(functions.add(deployed, code)).rejects.toThrow(name);
  });
});
