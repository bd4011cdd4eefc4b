import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueError } from '../../../lib/base/queue.ts';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { ExportError } from '../../../lib/export/ExportError.ts';
import { exportMessages } from '../../../lib/export/exportMessages.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { DAY, type ExportWorld, startExport } from './startExport.ts';

describe('a planning request of the export', () => {
  let world: ExportWorld;
  let lines: Record<string, unknown>[];
  let sent: string[];
  let takes: boolean;
  let exports: readonly Export[];
  beforeEach(async () => {
    world = await startExport();
    exports = [world.configured()];
    lines = [];
    sent = [];
    takes = true;
    await world.register(DAY);
    await world.put('a.parquet', 'first');
  });
  afterEach(() => world.close());

  const tasks = {
    async send(bodies: readonly string[]) {
      if (!takes) throw new QueueError('SLUICE_QUEUE_NOT_SENT');
      sent.push(...bodies);
    },
  };
  /** Handles a request. Returns its line in the log, and whether the queue hands the request out again. */
  const run = async (request: { days?: string[]; schedule?: 'daily' } = { schedule: 'daily' }) => {
    const message = {
      messageId: 'm',
      body: JSON.stringify({ sluice: 'export', ...request }),
      receives: 1,
    };
    const log = (fields: Record<string, unknown>) => lines.push(fields);
    const locations = () => Promise.reject(new ExportError('SLUICE_EXPORT_TABLE_MISSING', ''));
    const tableOf = (name: string) => (name === 'gone' ? { ...world.table, locations } : world.table);
    const exporter = { ...world.messageExporter({ tasks, log }), exports, tableOf };
    const { batchItemFailures } = await exportMessages(exporter, [message]);
    const isRedelivered = batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === 'm');
    return { ...lines.findLast(({ event }) => event === 'export_run'), isRedelivered };
  };
  const entry = () => world.ledger.read(exportSubject(world.configured(), DAY));

  it('waits when Glue throttles it briefly', async () => {
    world.faults.set({ glue: [{ fault: 'failCalls', code: 'ThrottlingException', calls: 2 }] });
    expect(await run()).toMatchObject({ level: 'info', queued: 1, again: false });
    expect(lines.at(-1)).toMatchObject({ exports_failed: 0 });
  });

  it.each(['glue', 's3'] as const)(
    'is retried when %s is unavailable, and does not count as failed',
    async (which) => {
      const code = which === 'glue' ? 'ThrottlingException' : 'SlowDown';
      world.faults.set({ [which]: [{ fault: 'failCalls', code, calls: 'all' }] });
      const asked = { days: [DAY] };
      expect(await run(asked)).toMatchObject({ level: 'error', queued: 0, again: true, isRedelivered: true });
      expect(await run()).toMatchObject({ again: true, isRedelivered: true, failed: [{ transient: true }] });
      expect(lines.at(-1)).toMatchObject({ exports_failed: 0 });
      world.faults.clear();
      expect(await run(asked)).toMatchObject({ queued: 1, again: false });
    },
  );

  it('is not retried and counts as failed when somebody has to fix something', async () => {
    world.glue.deleteTable('sluice', 'statsig_forwarded_events');
    expect(await run()).toMatchObject({
      again: false,
      isRedelivered: false,
      failed: [{ code: 'SLUICE_EXPORT_TABLE_MISSING' }],
    });
    expect(lines.at(-1)).toMatchObject({ exports_failed: 1 });
  });

  it('leaves the metric to the tasks that try failed days again', async () => {
    const claim = async () => {
      const held = await world.ledger.claim(
        exportSubject(world.configured(), DAY),
        'x',
        world.clock.now(),
        '',
      );
      if (!('claim' in held)) throw new Error('busy');
      return held.claim;
    };
    const none = { files: [], rows: { in: 0, out: 0, refused: 0 }, bytes: 0, superseded: [] };
    const failure = { code: 'SLUICE_EXPORT_ACCESS_DENIED', message: '' };
    await world.ledger.settle(await claim(), { ...none, state: 'failed', fingerprint: 'x', failure });
    await run();
    expect(lines.at(-1)).toMatchObject({ exports_failed: 1 });
    world.clock.advance(HOUR_MS);
    for (const queued of [1, 0]) {
      lines = [];
      expect(await run()).toMatchObject({ queued, failed_days: 1 });
      expect(lines).toHaveLength(1);
    }
    // No task ends what another export fails by.
    const other = { ...world.configured(), name: 'other', table: 'gone' };
    exports = [world.configured(), other];
    expect(await run()).toMatchObject({ failed: [{ export: 'other', transient: false }] });
    expect(lines.at(-1)).toMatchObject({ exports_failed: 2 });
  });

  it('records no task that the queue did not accept', async () => {
    takes = false;
    expect(await run()).toMatchObject({ again: true, failed: [{ code: 'SLUICE_QUEUE_NOT_SENT' }] });
    expect(await entry()).toBeNull();
    takes = true;
    expect(await run()).toMatchObject({ queued: 1, again: false });
    expect(sent).toHaveLength(1);
    expect(await entry()).toMatchObject({ state: 'waiting', queued: { reason: 'new' } });
  });
});
