import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { handler as deployed } from '../../../functions/export/handler.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';

const environment = { ...process.env };
const lines: Record<string, unknown>[] = [];
const handler = lambdaInvoker(deployed);
const context = { getRemainingTimeInMillis: () => 900_000 };
const event = (...bodies: string[]) => ({
  Records: bodies.map((body, i) => ({
    ...{ eventSource: 'aws:sqs', messageId: `m${i}`, body },
    attributes: { ApproximateReceiveCount: '1' },
  })),
});

// The repository's own configuration has no exports: the function still distinguishes its requests.
describe('the export function', () => {
  beforeAll(() => {
    Object.assign(process.env, {
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      ...{ SLUICE_BUCKET: 'b', SLUICE_EXPORT_QUEUE: 'http://127.0.0.1:9/q', SLUICE_STAGE: 'test' },
    });
  });
  beforeEach(() => {
    lines.length = 0;
    jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => lines.push(JSON.parse(String(text))) > 0);
  });
  afterAll(() => {
    jest.restoreAllMocks();
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
  });

  it('accepts a request from its queue or by hand, and reports the failures of a scheduled one', async () => {
    const request = { sluice: 'export', schedule: 'daily' };
    expect(await handler(request, context)).toMatchObject({ event: 'export_run', looked: 0, queued: 0 });
    expect(lines.at(-1)).toMatchObject({
      ...{ exports_failed: 0, function: 'export', stage: 'test', schedule: 'daily' },
    });
    expect(await handler(event(JSON.stringify(request)), context)).toEqual({ batchItemFailures: [] });
    lines.length = 0;
    await handler({ sluice: 'export' }, context);
    expect(lines).toHaveLength(1);
  });

  it('discards a task whose export is no longer configured', async () => {
    const task = { sluice: 'export-day', export: 'x', day: '2026-11-19', fingerprint: 'f', reason: 'new' };
    expect(await handler(event(JSON.stringify(task)), context)).toEqual({ batchItemFailures: [] });
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
    const response = await handler(event('{"sluice":"export"}', body), context);
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(lines.at(-1)).toMatchObject({ level: 'error', code: 'SLUICE_EXPORT_MESSAGE_INVALID' });
  });

  it('rejects any other event and an incomplete environment', async () => {
    await expect(handler({ sluice: 'nonsense' }, context)).rejects.toMatchObject({
      code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
    });
  });
});
