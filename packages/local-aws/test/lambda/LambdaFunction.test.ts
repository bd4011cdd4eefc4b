import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { LambdaFunction, type LambdaFunctionOptions } from '../../src/lambda/LambdaFunction.ts';

/** Bytes of a payload at most. */
const MOST_BYTES = 6 * 1024 * 1024;

/** What the handler of the fixture answers, if it is asked for nothing else. */
interface Answer {
  readonly event: { readonly n?: number };
  /** The number of this invocation in its environment, from 1. */
  readonly invocations: number;
  /** Invocations of its environment at once. */
  readonly running: number;
  readonly env: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** Milliseconds until its timeout. */
  readonly remaining: number;
}

/** What the handler of the fixture answers of its time, epoch milliseconds. */
interface TimeAnswer {
  /** By `Date.now()`. */
  readonly now: number;
  /** By `new Date()`. */
  readonly newDate: number;
  /** By `Date()`. */
  readonly text: number;
  /** By a class that extends `Date`. */
  readonly ofClass: number;
  /** When the module was loaded. */
  readonly loadedAt: number;
  /** Dates of other values than the time. */
  readonly ofValues: readonly number[];
  /** Whether each kind of date is an instance of `Date`. */
  readonly areDates: readonly boolean[];
  /** Whether `Date` has its own name and is the constructor of dates. */
  readonly isDateItself: boolean;
}

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/functions/${name}`, import.meta.url));
const opened: LambdaFunction[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((lambda) => lambda.close()));
});

describe.each([
  { host: 'a thread', file: fixture('handler.mjs') },
  { host: 'a process, because it loads native code', file: fixture('native.mjs') },
])('LambdaFunction in $host', ({ file }) => {
  /** A function that keeps its log. */
  function open(options: Partial<LambdaFunctionOptions> = {}) {
    const log: string[] = [];
    const lambda = new LambdaFunction({
      handlerFile: file,
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
    const invoke = async <Result = Answer>(event: unknown): Promise<Result> =>
      JSON.parse(await lambda.invoke(JSON.stringify(event)));
    return { lambda, log, invoke };
  }

  it('passes the handler its event, a context and only its own environment', async () => {
    const { event, env, requestId, remaining } = await open().invoke({ n: 1 });
    expect(event).toEqual({ n: 1 });
    // With the chain of invocations, which Lambda's runtime adds.
    // macOS adds a variable to the environment of any process.
    const own = Object.fromEntries(Object.entries(env).filter(([variable]) => !variable.startsWith('__CF')));
    expect(own).toEqual({ APP_BUCKET: 'b', _X_AMZN_TRACE_ID: expect.any(String) });
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(10_000);
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

  it('ends a running invocation when it is closed', async () => {
    const { promise: began, resolve } = Promise.withResolvers<void>();
    const { lambda } = open({ log: () => resolve() });
    const hanging = expect(lambda.invoke('{"log":["began"],"hang":true}')).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
    });
    await began;
    await lambda.close();
    await hanging;
  });

  it('begins no invocation once it is closed', async () => {
    const { lambda, log } = open();
    await lambda.warm();
    const early = expect(lambda.invoke('{"log":["began"]}')).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
    });
    await lambda.close();
    await early;
    expect(log).toEqual([]);
  });

  it('takes request and response payloads of 6 MiB, and no larger ones', async () => {
    const { lambda } = open();
    const answering = (bytes: number) => lambda.invoke(JSON.stringify({ answerBytes: bytes }));
    const asking = (bytes: number) => {
      const empty = JSON.stringify({ answerBytes: 2, padding: '' }).length;
      return lambda.invoke(JSON.stringify({ answerBytes: 2, padding: 'x'.repeat(bytes - empty) }));
    };
    expect(await asking(MOST_BYTES)).toBe('""');
    await expect(asking(MOST_BYTES + 1)).rejects.toMatchObject({
      errorType: 'RequestEntityTooLargeException',
    });
    expect(await answering(MOST_BYTES)).toHaveLength(MOST_BYTES);
    await expect(answering(MOST_BYTES + 1)).rejects.toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
    });
  });

  it('gives the function the time of the local cloud at each invocation', async () => {
    let offsetMs = -DAY_MS;
    const clock = { now: () => Date.now() + offsetMs };
    const { invoke } = open({ clock });
    const daysAhead = (time: number) => Math.round((time - Date.now()) / DAY_MS);
    const timesOf = async () => {
      const { now, newDate, text, ofClass, loadedAt } = await invoke<TimeAnswer>({ time: true });
      return {
        now: daysAhead(now),
        newDate: daysAhead(newDate),
        text: daysAhead(text),
        ofClass: daysAhead(ofClass),
        loadedAt: daysAhead(loadedAt),
      };
    };
    expect(await timesOf()).toEqual({ now: -1, newDate: -1, text: -1, ofClass: -1, loadedAt: -1 });
    offsetMs = 10 * DAY_MS;
    // The environment is warm: its module was loaded at the first invocation.
    expect(await timesOf()).toEqual({ now: 10, newDate: 10, text: 10, ofClass: 10, loadedAt: -1 });
    const { remaining } = await invoke({});
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(10_000);
  });

  it('leaves Date as it is, except for the time', async () => {
    const { invoke } = open({ clock: { now: () => Date.now() + DAY_MS } });
    expect(await invoke<TimeAnswer>({ time: true })).toMatchObject({
      ofValues: [2026, 0, Date.UTC(2026, 0)],
      areDates: [true, true, true, true],
      isDateItself: true,
    });
  });

  it('passes on all of the log output before the answer', async () => {
    const { invoke, log } = open();
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i} of the function`);
    await invoke({ log: lines });
    expect(log.join('').trim().split('\n')).toEqual(lines);
  });

  it.each([
    {
      what: 'the handler',
      options: { handlerName: 'notAFunction' },
      message: /exports no function 'notAFunction'/,
    },
    { what: 'the file', options: { handlerFile: `${file}.missing.mjs` }, message: /Cannot find module/ },
  ])('reports a bundle that does not load for want of $what', async ({ options, message }) => {
    const { lambda } = open(options);
    await expect(lambda.warm()).rejects.toThrow(message);
    await expect(lambda.invoke('{}')).rejects.toThrow(message);
  });
});
