import { afterAll, afterEach, beforeEach, jest } from '@jest/globals';

/** Replaces Lambda's context in tests: handlers use nothing else of it. */
interface TestContext {
  readonly getRemainingTimeInMillis: () => number;
}

type Handler<Result> = (event: never, context: never) => Promise<Result>;

/** Calls a function's handler as Lambda does: with any event, and without what middlewares add to the context. */
export function lambdaInvoker<Result>(
  handler: Handler<Result>,
): (event: unknown, context: TestContext) => Promise<Result> {
  return (event, context) => Reflect.apply(handler, undefined, [event, { ...context }]);
}

/** Calls a handler in an environment that is the suite's own, and keeps the lines that a test has logged. */
export function invokedFunction<Result>(handler: Handler<Result>, env: Readonly<Record<string, string>>) {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ...env,
  });
  const lines: Record<string, unknown>[] = [];
  beforeEach(() => {
    lines.length = 0;
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      const line = JSON.parse(String(text));
      // Only before the first invocation, whichever test that is in.
      if (line.event !== 'start') lines.push(line);
      return true;
    });
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const invoke = lambdaInvoker(handler);
  return {
    lines,
    invoke: (event: unknown, remainingMs = 600_000) =>
      invoke(event, { getRemainingTimeInMillis: () => remainingMs }),
  };
}

/** A message of a queue, as Lambda hands it to a function. */
export const queueMessage = (messageId: string, body: string, receives = 1) => ({
  messageId,
  body,
  eventSource: 'aws:sqs',
  attributes: { ApproximateReceiveCount: String(receives) },
});
