import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { resources } from '../../../../infra/resources.ts';
import { logicalIds } from '../../../../infra/template/Stack.ts';
import { DAY_MS } from '../../../../lib/base/time.ts';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { loadMessages } from '../../../../lib/drops/load/loadMessages.ts';
import { VERSION_NOTES, versionNoteKey } from '../../../../lib/tables/ledgerKeys.ts';
import { readFilterPattern } from '../../../../packages/local-aws/src/logs/index.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { DAY, ends, type Loads, someEvents, startLoads } from './startLoads.ts';

/** The metrics of the stack that count a log line of the load. */
function countedBy({ config }: Loads, line: Record<string, unknown> | undefined): readonly string[] {
  const { Resources } = resources({ config, service: 'acme', stage: 'prod' });
  const ofLoad = filterSchema
    .array()
    .parse(
      Object.values(Resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::Logs::MetricFilter' ? [Properties] : [],
      ),
    );
  return ofLoad.flatMap(({ LogGroupName, FilterPattern, MetricTransformations: [to] }) => {
    if (LogGroupName.Ref !== logicalIds.loadLogGroup) return [];
    if (!readFilterPattern(FilterPattern)(JSON.stringify(line))) return [];
    const value = to.MetricValue.startsWith('$.') ? line?.[to.MetricValue.slice(2)] : to.MetricValue;
    return [`${to.MetricName} ${value}`];
  });
}

const filterSchema = z.object({
  LogGroupName: z.object({ Ref: z.string() }),
  FilterPattern: z.string(),
  MetricTransformations: z.tuple([z.object({ MetricName: z.string(), MetricValue: z.string() })]),
});

/** The hourly message that asks for a sweep. */
const SWEEP = JSON.stringify({ sluice: 'sweep' });

describe('load messages', () => {
  let loads: Loads;
  beforeEach(async () => {
    loads = await startLoads();
  });
  afterEach(() => loads.close());

  const task = (more = {}) =>
    JSON.stringify({ source: 'acme', dataset: 'events', day: DAY, fingerprint: 'x', reason: 'new', ...more });
  const send = (bodies: readonly string[], receives = 1, more: Partial<Loader> = {}) =>
    loadMessages(
      { ...loads.makeLoader(), ...more },
      loads.makeRun(),
      bodies.map((body, i) => ({ messageId: String(i), body, receives })),
      3,
    );
  const again = (...ids: string[]) => ({
    batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
  });

  it('are returned to the queue when they are not tasks', async () => {
    expect(await send(['{', task({ reason: 'because' })])).toEqual(again('0', '1'));
    expect(loads.logged).toMatchObject([
      { level: 'error', code: 'SLUICE_INGEST_MESSAGE_INVALID', messageId: '0' },
      { level: 'error', code: 'SLUICE_INGEST_MESSAGE_INVALID', messageId: '1' },
    ]);
  });

  it('are done when the configuration no longer has their dataset', async () => {
    expect(await send([task({ dataset: 'gone' })])).toEqual(again());
    expect(loads.logged).toMatchObject([{ level: 'info', event: 'ingest_load', outcome: 'unknown' }]);
  });

  it('are processed one after another, each in a temporary folder that is deleted afterwards', async () => {
    const days = [DAY, '2026-11-18', '2026-11-17'];
    for (const day of days) await loads.drop('a.parquet', someEvents(0, 2), day);
    const loader = loads.makeLoader();
    const messages = days.map((day) => ({ messageId: day, body: task({ day }), receives: 1 }));
    expect(await loadMessages(loader, loads.makeRun(), messages, 3)).toEqual(again());
    const line = { event: 'ingest_load', outcome: 'succeeded', source: 'acme', dataset: 'events' };
    expect(loads.logged).toMatchObject(days.map((day) => ({ ...line, day })));
    expect(readdirSync(loader.directory)).toEqual(['spilled']);
  });

  it('are done when the day fails permanently, and the reason is logged', async () => {
    await loads.drop('a.parquet', Buffer.from('no parquet at all'));
    expect(await send([task()])).toEqual(again());
    expect(loads.logged.at(-1)).toMatchObject({
      level: 'error',
      outcome: 'failed',
      code: 'SLUICE_INGEST_FILE_NOT_PARQUET',
    });
    expect(loads.logged.at(-1)?.['failure']).toBeUndefined();
    expect(countedBy(loads, loads.logged.at(-1))).toEqual(['IngestLoadsFailed-acme/prod 1']);
  });

  it('are counted as failed if their day has lost its files', async () => {
    await loads.dropEvents('a', 0, 2);
    await send([task()]);
    await loads.remove('a.parquet');
    expect(await send([task({ reason: 'backfill' })])).toEqual(again());
    const line = loads.logged.findLast(({ event }) => event === 'ingest_load');
    expect(line).toMatchObject({ level: 'error', outcome: 'inputs_missing' });
    expect(countedBy(loads, line)).toEqual(['IngestLoadsFailed-acme/prod 1']);
  });

  it('are processed by ports that reach their dataset alone, which are closed once', async () => {
    await loads.dropEvents('a', 0, 2);
    const loader = loads.makeLoader();
    let closed = 0;
    const scopedPorts = async () => ({ ...loader, close: () => (closed += 1) });
    const customerBucket = () => {
      throw new Error('not its own');
    };
    const messages = [{ messageId: '0', body: task(), receives: 1 }];
    const scoped = { ...loader, customerBucket, scopedPorts };
    expect(await loadMessages(scoped, loads.makeRun(), messages, 3)).toEqual(again());
    expect(loads.logged[0]?.['outcome']).toBe('succeeded');
    expect(closed).toBe(1);
  });

  it('are retried while another load holds the day', async () => {
    await loads.dropEvents('a', 0, 2);
    await ends(loads.load({ killAt: 'claimed' }), 'killed');
    expect(await send([task()])).toEqual(again('0'));
    loads.clock.advance(LEASE_MS + 1);
    expect(await send([task()])).toEqual(again());
  });

  it('are retried while unplanned files still change, until the queue gives up', async () => {
    const settling = await startLoads({}, [], 10);
    try {
      await settling.dropEvents('a', 0, 2);
      const given = async (receives: number) => {
        const messages = [{ messageId: '0', body: task(), receives }];
        return loadMessages(settling.makeLoader(), settling.makeRun(), messages, 3);
      };
      expect(await given(1)).toEqual(again('0'));
      expect(await given(3)).toEqual(again());
      expect(settling.logged.at(-1)).toMatchObject({ level: 'info', outcome: 'settling', again: false });
      expect(await settling.entry()).toMatchObject({ state: 'waiting', queued: { reason: 'settling' } });
    } finally {
      await settling.close();
    }
  });

  it('are retried when the ledger is unavailable', async () => {
    loads.faults.set({
      s3: [{ fault: 'failCalls', operations: ['GetObject'], code: 'SlowDown', calls: 'all' }],
    });
    expect(await send([task()])).toEqual(again('0'));
    expect(loads.logged).toMatchObject([
      { level: 'error', event: 'ingest_load', error: 'SLUICE_INGEST_LEDGER_UNAVAILABLE' },
    ]);
  });

  it('are retried when a load hands its day back, and a sweep when it cannot list', async () => {
    await loads.dropEvents('a', 0, 2);
    const { engine, landing } = loads.makeLoader();
    const away = () => Promise.reject(new Error('away'));
    const failed = { engine: { ...engine, load: away }, landing: { ...landing, list: away } };
    expect(await send([task(), SWEEP], 1, failed)).toEqual(again('0', '1'));
    expect(loads.logged.map(({ outcome }) => outcome)).toContain('handed_back');
  });

  it('are retried when the look for lost files fails, which is no error of a load', async () => {
    const { landing } = loads.makeLoader();
    const readText = () => Promise.reject(new Error('away'));
    expect(await send([SWEEP], 1, { landing: { ...landing, readText } })).toEqual(again('0'));
    expect(loads.logged).toMatchObject([{ level: 'error', event: 'ingest_files' }]);
    expect(countedBy(loads, loads.logged[0])).toEqual([]);
  });

  it('look for lost files also if the sweep before it fails', async () => {
    await loads.dropEvents('a', 0, 2);
    await send([task()]);
    await loads.forget((await loads.keys('statsig/ingested/'))[0] ?? '');
    const { landing } = loads.makeLoader();
    const list: typeof landing.list = (prefix, after) =>
      prefix === VERSION_NOTES ? Promise.reject(new Error('away')) : landing.list(prefix, after);
    expect(await send([SWEEP], 1, { landing: { ...landing, list } })).toEqual(again('0'));
    expect(await loads.keys('ledger/acme/events/files.json')).toHaveLength(1);
  });

  it('also sweep the versions that are due', async () => {
    for (const name of ['old', 'new']) {
      await loads.dropEvents('a', 0, 2, name);
      await send([task()]);
    }
    loads.clock.advance(2 * DAY_MS);
    await send([task()]);
    expect(loads.logged.at(-1)).toEqual({
      level: 'info',
      event: 'ingest_sweep',
      removed: 1,
      kept: 1,
      failed: 0,
    });
    expect(await loads.keys('statsig/')).toHaveLength(1);
  });

  it('can request the sweep alone, which is retried when a version could not be deleted', async () => {
    for (const name of ['old', 'new']) {
      await loads.dropEvents('a', 0, 2, name);
      await send([task()]);
    }
    loads.clock.advance(DAY_MS);
    loads.faults.set({
      s3: [
        { fault: 'failCalls', operations: ['DeleteObjects'], code: 'AccessDenied', status: 403, calls: 1 },
      ],
    });
    expect(await send([SWEEP])).toEqual(again('0'));
    expect(await send([SWEEP])).toEqual(again());
    expect(await loads.keys('statsig/')).toHaveLength(1);
  });

  it('leave versions of curated days to the function that curates, which may read their ledger', async () => {
    const curated = { due: 0, table: loads.config.curatedTables.events, day: DAY };
    const note = versionNoteKey({ ...curated, version: '20261101T000000000Z-00000000' });
    await loads.makeLoader().landing.putNote(note);
    expect(await send([SWEEP])).toEqual(again());
    expect(await loads.keys(VERSION_NOTES)).toEqual([note]);
    // Without curated days no other function does it.
    const config = { ...loads.config, curate: false };
    expect(await send([SWEEP], 1, { config })).toEqual(again());
    expect(await loads.keys(VERSION_NOTES)).toEqual([]);
  });
});
