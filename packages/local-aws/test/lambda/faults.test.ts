import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Faults } from '../../src/faults/Faults.ts';
import type { FaultsInput } from '../../src/faults/faultsSchema.ts';
import { LambdaFunction } from '../../src/lambda/LambdaFunction.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/functions/${name}`, import.meta.url));
let handlerFile: string;

let faults: Faults;
const opened: LambdaFunction[] = [];
beforeEach(() => {
  faults = new Faults();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((lambda) => lambda.close()));
});

/** A function with faults. */
function open(name = 'collect', timeoutMs = 10_000) {
  const log: string[] = [];
  const lambda = new LambdaFunction({
    handlerFile,
    handlerName: 'handler',
    functionName: name,
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryMb: 256,
    timeoutMs,
    variables: {},
    log: (text) => log.push(text),
    faults,
  });
  opened.push(lambda);
  const invoke = async <Result = { readonly invocations: number }>(event: unknown): Promise<Result> =>
    JSON.parse(await lambda.invoke(JSON.stringify(event)));
  return { log, invoke };
}
const set = (...wanted: NonNullable<FaultsInput['lambda']>) => faults.set({ lambda: wanted });

describe.each([
  { what: 'a thread', file: 'handler.mjs' },
  { what: 'a process', file: 'native.mjs' },
])('faults of a function in $what', ({ file }) => {
  beforeEach(() => {
    handlerFile = fixture(file);
  });

  it('kill its environment when it has done everything, and the next invocation is cold', async () => {
    const { invoke, log } = open();
    expect((await invoke({})).invocations).toBe(1);
    set({ fault: 'killInvocations' });
    await expect(invoke({ log: ['done'] })).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
      message: expect.stringContaining('Runtime exited with error: signal: killed'),
    });
    expect(log.join('')).toContain('done');
    expect((await invoke({})).invocations).toBe(1);
  });

  it('kill it on the way', async () => {
    const { invoke } = open();
    await invoke({});
    set({ fault: 'killInvocations', afterMs: 20 });
    await expect(invoke({ hang: true })).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    expect((await invoke({})).invocations).toBe(1);
  });

  it('time it out, although it answers at once', async () => {
    const { invoke, log } = open();
    await invoke({});
    set({ fault: 'timeOutInvocations', afterMs: 200 });
    await expect(invoke({ log: ['done'] })).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
      message: expect.stringContaining('Task timed out after 10.00 seconds'),
    });
    expect(log.join('')).toContain('done');
    expect((await invoke({})).invocations).toBe(1);
  });

  it('time it out no later than its own timeout', async () => {
    const { invoke } = open('collect', 300);
    await invoke({});
    // Longer than a test may take.
    set({ fault: 'timeOutInvocations', afterMs: 900_000 });
    await expect(invoke({})).rejects.toMatchObject({
      message: expect.stringContaining('Task timed out after 0.30 seconds'),
    });
  });

  it('throttle it: it is not invoked', async () => {
    const { invoke } = open();
    set({ fault: 'throttleInvocations', calls: 2 });
    for (let n = 0; n < 2; n += 1)
      await expect(invoke({})).rejects.toMatchObject({
        errorType: 'TooManyRequestsException',
        message: 'Rate Exceeded.',
      });
    expect((await invoke({})).invocations).toBe(1);
  });

  it('freeze its environment after the answer, until the next invocation', async () => {
    const frozen = open('frozen');
    const running = open('running');
    set({ fault: 'freezeAfterAnswer', function: 'frozen' });
    await frozen.invoke({ background: true });
    await running.invoke({ background: true });
    while ((await running.invoke<number>({ ticks: true })) < 50)
      await new Promise((next) => setImmediate(next));
    // A timer that was due meanwhile runs after the environment has taken its next invocation.
    expect(await frozen.invoke<number>({ ticks: true })).toBe(0);
    while ((await frozen.invoke<number>({ ticks: true })) < 50)
      await new Promise((next) => setImmediate(next));
  });

  it('do not prevent the end of a frozen environment', async () => {
    const { invoke } = open();
    set({ fault: 'freezeAfterAnswer' });
    await invoke({});
    await expect(opened[0]?.close()).resolves.toBeUndefined();
  });

  it('start it cold, for the function that they name', async () => {
    const named = open('one');
    const other = open('other');
    await named.invoke({});
    await other.invoke({});
    set({ fault: 'startCold', function: 'one', calls: 'all' });
    expect((await named.invoke({})).invocations).toBe(1);
    expect((await other.invoke({})).invocations).toBe(2);
    expect((await named.invoke({})).invocations).toBe(1);
    expect(faults.list()).toMatchObject([{ service: 'lambda', seen: 2, struck: 2, left: 'all' }]);
  });
});

it('ends a function while native code runs, and nothing else', async () => {
  handlerFile = fixture('engine.mjs');
  const { invoke } = open();
  for (const afterMs of [1, 5, 20, 50]) {
    set({ fault: 'killInvocations', afterMs });
    await expect(invoke({})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
  }
});
