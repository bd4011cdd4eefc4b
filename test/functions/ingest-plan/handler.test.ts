import { describe, expect, it } from '@jest/globals';
import { handler as deployed } from '../../../functions/ingest-plan/handler.ts';
import { invokedFunction, queueMessage } from '../../harness/lambdaInvoker.ts';

const { lines, invoke } = invokedFunction(deployed, {
  SLUICE_BUCKET: 'b',
  SLUICE_PLAN_QUEUE: 'p',
  SLUICE_TASK_QUEUE: 't',
  SLUICE_STAGE: 'test',
});
const message = (body: string) => ({ Records: [queueMessage('m1', body)] });

describe('the plan’s handler', () => {
  it('rejects an unknown event', async () => {
    for (const event of [{}, null, { sluice: 'daily' }, { sluice: 'plan' }])
      await expect(invoke(event)).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
      });
  });

  it('returns an invalid message to the queue for the dead-letter queue, and logs no part of it', async () => {
    for (const body of ['not JSON', '{"sluice":"daily"}', '{"sluice":"plan","days":["2026-02-30"]}'])
      expect(await invoke(message(body))).toEqual({
        batchItemFailures: [{ itemIdentifier: 'm1' }],
      });
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(lines)).toContain('SLUICE_INGEST_MESSAGE_INVALID');
    expect(JSON.stringify(lines)).not.toMatch(/not JSON|2026-02-30/);
    // The repository's own configuration has no sources: nothing to look at, and no call.
    expect(await invoke(message('{"sluice":"plan","schedule":"daily"}'))).toEqual({
      batchItemFailures: [],
    });
  });
});
