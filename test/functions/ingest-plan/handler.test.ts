import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { handler as deployed } from '../../../functions/ingest-plan/handler.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';

const VARIABLES = {
  SLUICE_BUCKET: 'b',
  SLUICE_PLAN_QUEUE: 'p',
  SLUICE_TASK_QUEUE: 't',
  SLUICE_STAGE: 'test',
};
const handler = lambdaInvoker(deployed);
const context = { getRemainingTimeInMillis: () => 300_000 };
const message = (body: string) => ({
  Records: [{ eventSource: 'aws:sqs', messageId: 'm1', body, attributes: { ApproximateReceiveCount: '1' } }],
});

beforeAll(() => {
  Object.assign(process.env, VARIABLES);
});
afterAll(() => {
  for (const name of Object.keys(VARIABLES)) delete process.env[name];
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('the plan’s handler', () => {
  it('rejects an unknown event', async () => {
    for (const event of [{}, null, { sluice: 'daily' }, { sluice: 'plan', everything: true }])
      await expect(handler(event, context)).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
      });
  });

  it('returns an invalid message to the queue for the dead-letter queue, and logs no part of it', async () => {
    const lines: string[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    for (const body of ['not JSON', '{"sluice":"daily"}', '{"sluice":"plan","days":["2026-02-30"]}'])
      expect(await handler(message(body), context)).toEqual({
        batchItemFailures: [{ itemIdentifier: 'm1' }],
      });
    expect(lines).toHaveLength(3);
    expect(lines.join()).toContain('SLUICE_INGEST_MESSAGE_INVALID');
    expect(lines.join()).not.toMatch(/not JSON|2026-02-30/);
    // The repository's own configuration has no sources: nothing to look at, and no call.
    expect(await handler(message('{"sluice":"plan","schedule":"daily"}'), context)).toEqual({
      batchItemFailures: [],
    });
    expect(await handler({ sluice: 'plan' }, context)).toMatchObject({ datasets: 0, again: false });
  });
});
