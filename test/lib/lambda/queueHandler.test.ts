import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { queueHandler } from '../../../lib/lambda/queueHandler.ts';
import { lambdaInvoker, queueMessage } from '../../harness/lambdaInvoker.ts';

const context = { getRemainingTimeInMillis: () => 5_000 };
let seen: unknown[];
// The line that says which version runs.
beforeEach(() => {
  seen = [];
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => void jest.restoreAllMocks());
const invoke = lambdaInvoker(
  queueHandler(z.object({}), async (messages) => {
    seen.push(messages);
    return { batchItemFailures: [] };
  }),
);

describe('a function that works off its queue', () => {
  it.each([
    {
      what: 'its messages',
      Records: [queueMessage('m', 'b', 2)],
      messages: [{ messageId: 'm', body: 'b', receives: 2 }],
    },
    { what: 'none of a batch without any', Records: [], messages: [] },
  ])('gets $what', async ({ Records, messages }) => {
    expect(await invoke({ Records }, context)).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([messages]);
  });

  it.each([undefined, null, {}, { sluice: 'daily' }, { Records: [{ eventSource: 'aws:s3' }] }])(
    'fails for an event without messages of a queue: %j',
    async (event) => {
      await expect(invoke(event, context)).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
      });
      expect(seen).toEqual([]);
    },
  );
});
