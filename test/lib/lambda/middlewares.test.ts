import { describe, expect, it } from '@jest/globals';
import middy from '@middy/core';
import * as z from 'zod';
import { noEarlyTimeout, withEndTime } from '../../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../../lib/lambda/environment.ts';
import { withMessages } from '../../../lib/lambda/sqsBatch.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';

const context = { getRemainingTimeInMillis: () => 5_000 };
const batch = {
  Records: [
    { eventSource: 'aws:sqs', messageId: 'm', body: 'b', attributes: { ApproximateReceiveCount: '2' } },
  ],
};

describe('withEnvironment', () => {
  it('reads the environment once for all invocations', async () => {
    let reads = 0;
    const handler = middy<unknown, number>(noEarlyTimeout)
      .use(
        withEnvironment(() => {
          reads += 1;
          return { reads };
        }),
      )
      .handler(async (_, { environment }) => environment.reads);
    const invoke = lambdaInvoker(handler);
    expect([await invoke({}, context), await invoke({}, context), reads]).toEqual([1, 1, 1]);
  });

  it('fails every invocation with the names of the invalid variables until they are valid', async () => {
    const read = environmentReader(z.object({ SLUICE_NOT_SET: z.string() }), (names) => new Error(names));
    const handler = middy<unknown, string>(noEarlyTimeout)
      .use(withEnvironment(read))
      .handler(async (_, { environment }) => environment.SLUICE_NOT_SET);
    const invoke = lambdaInvoker(handler);
    await expect(invoke({}, context)).rejects.toThrow('SLUICE_NOT_SET');
    await expect(invoke({}, context)).rejects.toThrow('SLUICE_NOT_SET');
    process.env['SLUICE_NOT_SET'] = 'set';
    try {
      expect(await invoke({}, context)).toBe('set');
    } finally {
      delete process.env['SLUICE_NOT_SET'];
    }
  });
});

describe('withEndTime', () => {
  it('counts the remaining time from now', async () => {
    const handler = middy<unknown, number>(noEarlyTimeout)
      .use(withEndTime())
      .handler(async (_, { endsAt }) => endsAt);
    const invoke = lambdaInvoker(handler);
    const before = Date.now();
    const endsAt = await invoke({}, context);
    expect(endsAt).toBeGreaterThanOrEqual(before + 5_000);
    expect(endsAt).toBeLessThanOrEqual(Date.now() + 5_000);
  });
});

describe('withMessages', () => {
  it('passes on the messages of an SQS batch, and null for any other event', async () => {
    const handler = middy<unknown, unknown>(noEarlyTimeout)
      .use(withMessages())
      .handler(async (_, { messages }) => messages);
    const invoke = lambdaInvoker(handler);
    expect(await invoke(batch, context)).toEqual([{ messageId: 'm', body: 'b', receives: 2 }]);
    for (const event of [null, {}, { sluice: 'daily' }]) expect(await invoke(event, context)).toBeNull();
  });
});
