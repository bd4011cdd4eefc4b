import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { endOf, environment, middy, startLine } from '../../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../../lib/lambda/queueHandler.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';

const context = { getRemainingTimeInMillis: () => 5_000 };
const schema = z.object({ SLUICE_NOT_SET: z.string().min(1) });
const batch = {
  Records: [
    { eventSource: 'aws:sqs', messageId: 'm', body: 'b', attributes: { ApproximateReceiveCount: '2' } },
  ],
};

afterEach(() => {
  delete process.env['SLUICE_NOT_SET'];
  jest.restoreAllMocks();
});

describe('a function', () => {
  it('says once which version runs, also if its environment is wrong', async () => {
    const lines: string[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    const handler = middy<unknown, unknown>()
      .use(startLine())
      .use(environment(schema))
      .handler(async () => null);
    const invoke = lambdaInvoker(handler);
    for (const event of [1, 2])
      await expect(invoke(event, context)).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_ENVIRONMENT_INVALID',
      });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: 'start', node: process.version }]);
  });

  it('fails with the names of wrong variables until they are right, and reads them once', async () => {
    const handler = middy<unknown, string>()
      .use(environment(schema))
      .handler(async (event, { environment: { SLUICE_NOT_SET } }) => `${event} ${SLUICE_NOT_SET}`);
    const invoke = lambdaInvoker(handler);
    const invalid = { code: 'SLUICE_LAMBDA_ENVIRONMENT_INVALID', detail: 'SLUICE_NOT_SET' };
    for (const event of [1, 2]) await expect(invoke(event, context)).rejects.toMatchObject(invalid);
    process.env['SLUICE_NOT_SET'] = 'set';
    expect(await invoke(3, context)).toBe('3 set');
    process.env['SLUICE_NOT_SET'] = 'changed';
    expect(await invoke(4, context)).toBe('4 set');
  });

  it('knows when Lambda stops it, and is not stopped earlier', async () => {
    const remaining = { getRemainingTimeInMillis: () => 1 };
    const handler = middy<unknown, number>().handler(async (_, lambda) => {
      await new Promise((resolve) => setImmediate(resolve));
      return endOf(lambda) - Date.now();
    });
    expect(await lambdaInvoker(handler)({}, remaining)).toBeLessThanOrEqual(1);
  });

  it('of a queue gets messages, and fails for any other event', async () => {
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const seen: unknown[] = [];
    const handler = queueHandler(z.object({}), async (messages) => {
      seen.push(messages);
      return { batchItemFailures: [] };
    });
    const invoke = lambdaInvoker(handler);
    for (const event of [batch, { Records: [] }])
      expect(await invoke(event, context)).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([[{ messageId: 'm', body: 'b', receives: 2 }], []]);
    for (const event of [undefined, null, {}, { sluice: 'daily' }, { Records: [{ eventSource: 'aws:s3' }] }])
      await expect(invoke(event, context)).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
      });
  });
});
