import { afterEach, expect, it } from '@jest/globals';
import * as z from 'zod';
import { lambdaHandler } from '../../../lib/lambda/handler.ts';
import { queueHandler } from '../../../lib/lambda/queueHandler.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';

const context = { getRemainingTimeInMillis: () => 5_000 };
const schema = z.object({ SLUICE_NOT_SET: z.string().min(1) });
const batch = {
  Records: [
    { eventSource: 'aws:sqs', messageId: 'm', body: 'b', attributes: { ApproximateReceiveCount: '2' } },
  ],
};
const none = { batchItemFailures: [] };

afterEach(() => {
  delete process.env['SLUICE_NOT_SET'];
});

it('a function reads its environment once, and knows when it is stopped', async () => {
  let reads = 0;
  const handler = lambdaHandler(
    () => {
      reads += 1;
      return { reads };
    },
    async (event: unknown, { environment, endsAt }) => ({ event, endsAt, ...environment }),
  );
  const invoke = lambdaInvoker(handler);
  const before = Date.now();
  const first = await invoke(7, context);
  expect(first).toMatchObject({ event: 7, reads: 1 });
  expect(first.endsAt).toBeGreaterThanOrEqual(before + 5_000);
  expect(first.endsAt).toBeLessThanOrEqual(Date.now() + 5_000);
  expect(await invoke(8, context)).toMatchObject({ event: 8, reads: 1 });
});

it('a function fails every invocation with the names of wrong variables until they are right', async () => {
  const invoke = lambdaInvoker(queueHandler(schema, async () => none));
  const invalid = { code: 'SLUICE_LAMBDA_ENVIRONMENT_INVALID', detail: 'SLUICE_NOT_SET' };
  await expect(invoke(batch, context)).rejects.toMatchObject(invalid);
  await expect(invoke(batch, context)).rejects.toMatchObject(invalid);
  process.env['SLUICE_NOT_SET'] = 'set';
  expect(await invoke(batch, context)).toEqual(none);
});

it('a function of a queue takes messages, and other events that it knows', async () => {
  process.env['SLUICE_NOT_SET'] = 'set';
  const taken: unknown[] = [];
  const invoke = lambdaInvoker(
    queueHandler(
      schema,
      async (messages) => {
        taken.push(...messages);
        return none;
      },
      (event) => (event === 'known' ? Promise.resolve('answered') : undefined),
    ),
  );
  expect(await invoke(batch, context)).toEqual(none);
  expect(taken).toEqual([{ messageId: 'm', body: 'b', receives: 2 }]);
  expect(await invoke('known', context)).toBe('answered');
  for (const event of [null, {}, { sluice: 'daily' }])
    await expect(invoke(event, context)).rejects.toMatchObject({ code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN' });
});
