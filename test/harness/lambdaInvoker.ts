import { afterAll, afterEach, beforeEach, jest } from '@jest/globals';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { temporaryDirectory, writeConfig } from './temporaryDirectory.ts';
import { within } from './waiting.ts';

/** Replaces Lambda's context in tests: handlers use nothing else of it. */
interface TestContext {
  /** Milliseconds until Lambda ends the invocation. */
  readonly getRemainingTimeInMillis: () => number;
}

type Handler<Result> = (event: never, context: never) => Promise<Result>;

/** Calls a function's handler as Lambda does: with any event, and without what middlewares add to the context. */
export function lambdaInvoker<Result>(
  handler: Handler<Result>,
): (event: unknown, context: TestContext) => Promise<Result> {
  return (event, context) => Reflect.apply(handler, undefined, [event, { ...context }]);
}

/**
 * {@link invokedFunction} of a deployment with another configuration than the repository's.
 *
 * @param load Imports the module of the handler.
 */
export async function configuredFunction<Result>(
  input: ConfigInput,
  env: Readonly<Record<string, string>>,
  load: () => Promise<{ readonly handler: Handler<Result> }>,
) {
  const directory = temporaryDirectory();
  process.env['SLUICE_TEST_CONFIG'] = writeConfig(directory.path, input);
  try {
    return invokedFunction((await load()).handler, env);
  } finally {
    delete process.env['SLUICE_TEST_CONFIG'];
    directory.remove();
  }
}

/** Calls a handler in an environment that is the suite's own, and keeps the lines that a test has logged. */
export function invokedFunction<Result>(handler: Handler<Result>, env: Readonly<Record<string, string>>) {
  const before = { ...process.env };
  const credentials = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const own = { ...before, ...credentials, ...env };
  setEnvironment(own);
  const lines: Record<string, unknown>[] = [];
  beforeEach(() => {
    lines.length = 0;
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      const line: Record<string, unknown> = JSON.parse(String(text));
      // Only before the first invocation, whichever test that is in.
      if (line['event'] !== 'start') lines.push(line);
      return true;
    });
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => setEnvironment(before));
  const invoke = lambdaInvoker(handler);
  return {
    lines,
    invoke(event: unknown, remainingMs = 600_000) {
      // A suite may have more than one function. Each reads its environment at its first invocation.
      setEnvironment(own);
      return within(
        'the result of the function',
        invoke(event, { getRemainingTimeInMillis: () => remainingMs }),
      );
    },
  };
}

/** Makes these the only variables of the environment. */
function setEnvironment(wanted: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
  Object.assign(process.env, wanted);
}

/** A message of a queue, as Lambda hands it to a function. */
export const queueMessage = (messageId: string, body: string, receives = 1) => ({
  messageId,
  body,
  eventSource: 'aws:sqs',
  attributes: { ApproximateReceiveCount: String(receives) },
});
