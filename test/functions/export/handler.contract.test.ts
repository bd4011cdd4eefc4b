import { describe, expect, it } from '@jest/globals';
import { handler as deployed } from '../../../functions/export/handler.ts';
import { invokedFunction, queueMessage } from '../../harness/lambdaInvoker.ts';

const { lines, invoke } = invokedFunction(deployed, {
  SLUICE_BUCKET: 'b',
  SLUICE_EXPORT_QUEUE: 'http://127.0.0.1:9/q',
  SLUICE_STAGE: 'test',
});
const event = (...bodies: string[]) => ({ Records: bodies.map((body, i) => queueMessage(`m${i}`, body)) });

// The repository's own configuration has no exports: the function still distinguishes its requests.
describe('the export function', () => {
  it('takes a request of its queue, and reports the failures of a scheduled one', async () => {
    const request = { sluice: 'export', schedule: 'daily' };
    expect(await invoke(event(JSON.stringify(request)))).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'export_run', looked: 0, queued: 0 }));
    expect(lines.at(-1)).toMatchObject({
      exports_failed: 0,
      function: 'export',
      stage: 'test',
      schedule: 'daily',
    });
    lines.length = 0;
    await invoke(event('{"sluice":"export"}'));
    expect(lines).toHaveLength(1);
  });

  it('discards a task whose export is no longer configured', async () => {
    const task = { sluice: 'export-day', export: 'x', day: '2026-11-19', fingerprint: 'f', reason: 'new' };
    expect(await invoke(event(JSON.stringify(task)))).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([{ event: 'export', export: 'x', outcome: 'not_configured' }]);
  });

  it.each([
    'no JSON',
    '{}',
    '{"sluice":"plan"}',
    '{"sluice":"export","days":["2026-02-30"]}',
    '{"sluice":"export","day":"2026-11-19"}',
    '{"sluice":"export-day","export":"x","day":"2026-11-19","reason":"new"}',
  ])('returns %s to the queue, which moves it to the dead-letter queue', async (body) => {
    const response = await invoke(event('{"sluice":"export"}', body));
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(lines.at(-1)).toMatchObject({ level: 'error', code: 'SLUICE_EXPORT_MESSAGE_INVALID' });
  });

  it('rejects any other event and an incomplete environment', async () => {
    await expect(invoke({ sluice: 'export' })).rejects.toMatchObject({
      code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
    });
  });
});
