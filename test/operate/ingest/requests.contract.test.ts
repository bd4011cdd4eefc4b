import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { lateNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../../observe/deployment.ts';
import {
  laterDays,
  requestAcceptance,
  requestBackfill,
  requestExport,
  requestIngest,
} from '../../../operate/ingest/requests.ts';
import { ledgerEntry, loadRun } from '../../harness/ledgerEntry.ts';
import { NOW, type Operated, startOperated } from '../startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());
afterEach(() => services.faults.clear());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

/** A request for days that nobody may ask for. */
const daysRefused = (request: Promise<unknown>) =>
  expect(request).rejects.toMatchObject({ code: 'SLUICE_DAYS_INVALID' });

describe('a request', () => {
  const today = '2026-11-24';
  const dataset = { source: 'acme', dataset: 'events' };
  const sent = { sluice: 'plan', sources: ['acme'], datasets: ['events'] };

  it('to look for changes names each source, and nothing is sent in a dry run', async () => {
    // Three days, and today in the timezone of each.
    const asked = [
      { ...dataset, from: '2026-11-21', to: today, days: 4 },
      { ...dataset, source: 'beta', from: '2026-11-22', to: '2026-11-25', days: 4 },
    ];
    expect(await requestIngest(deployment, { dryRun: true })).toEqual({ dryRun: true, asked });
    expect(await operated.requests('ingest-plan')).toEqual([]);
    expect(await requestIngest(deployment, { dryRun: false })).toEqual({ dryRun: false, asked });
    expect(await operated.requests('ingest-plan')).toEqual([sent, { ...sent, sources: ['beta'] }]);
  });

  it('to accept days of a source has those of each dataset that have something to accept', async () => {
    const write = (day: string, more: Partial<LedgerEntry>) =>
      operated.store.write(
        `ledger/acme/events/${day}.json`,
        JSON.stringify(ledgerEntry({ day, version: 'v1', ...more })),
      );
    const failed = { state: 'failed', failure: { code: 'SLUICE_X', message: 'x.' } } as const;
    const noRows = { key: 'a', size: 1, eTag: '"a"', fate: 'left_out', reason: 'no_rows' } as const;
    const late = [{ day: '2026-11-15', due: NOW }];
    await operated.store.write(lateNoteKey('acme', 'events'), JSON.stringify({ at: NOW, late }));
    await write('2026-11-16', { rows: { in: 1, out: 1, refused: 0 }, usualRows: 40 });
    await write('2026-11-17', { state: 'succeeded_no_data', files: [noRows], version: undefined });
    await write('2026-11-18', failed);
    await write('2026-11-19', { ...failed, version: undefined });
    await write('2026-11-20', {});
    await write('2026-11-21', { state: 'inputs_missing', missingSince: NOW });
    await write('2026-11-22', { place: 's3://acme-old/events/YYYY-MM-DD' });
    await write('2026-11-23', { run: loadRun() });
    await write('2026-11-24', { lease: { owner: 'o', until: NOW + 1 } });
    await write('2026-11-25', { lease: { owner: 'o', until: NOW } });
    const range = { from: '2026-11-15', to: '2026-11-25' };
    const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'];
    expect(await laterDays(deployment, dataset, days)).toEqual({
      loading: ['2026-11-23', '2026-11-24'],
      moved: ['2026-11-22'],
    });
    const tooLate = { ...range, to: '2026-11-26', asked: 'keep', source: 'acme', dryRun: true } as const;
    await daysRefused(requestAcceptance(deployment, tooLate));
    for (const [asked, count] of [
      ['keep', 3],
      ['empty', 5],
    ] as const) {
      const all = { ...range, asked, source: 'acme' };
      const report = { dryRun: true, asked: [{ ...dataset, ...range, days: count }] };
      expect(await requestAcceptance(deployment, { ...all, dryRun: true })).toEqual(report);
      expect(await requestAcceptance(deployment, { ...all, source: 'beta', dryRun: false })).toMatchObject({
        asked: [{ source: 'beta', days: 0 }],
      });
      await requestAcceptance(deployment, { ...all, dryRun: false });
    }
    expect(await operated.requests('ingest-plan')).toEqual([
      { ...sent, asked: 'keep', days: ['2026-11-16', '2026-11-18', '2026-11-21'] },
      {
        ...sent,
        asked: 'empty',
        days: ['2026-11-15', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-21'],
      },
    ]);
  });

  it('to load days has 31 of them at most, up to today, and nothing is sent in a dry run', async () => {
    const range = { ...dataset, from: '2026-10-20', to: '2026-11-20' };
    const report = { ...range, dryRun: true, days: 32 };
    expect(await requestBackfill(deployment, { ...range, dryRun: true })).toEqual(report);
    expect(await operated.requests('ingest-plan')).toEqual([]);
    await requestBackfill(deployment, { ...range, dryRun: false });
    const loads = (await operated.requests('ingest-plan')) as { days: string[]; asked: string }[];
    expect(loads.map(({ days }) => [days[0], days.at(-1), days.length])).toEqual([
      ['2026-10-20', '2026-11-19', 31],
      ['2026-11-20', '2026-11-20', 1],
    ]);
    expect(loads[0]?.asked).toBe('backfill');
    const request = { ...dataset, dryRun: false, from: today };
    expect(await requestBackfill(deployment, { ...request, asked: 'empty' })).toMatchObject({
      days: 1,
      to: today,
    });
    expect(await operated.requests('ingest-plan')).toContainEqual(
      expect.objectContaining({ asked: 'empty', days: [today] }),
    );
    const most = { ...dataset, dryRun: true, from: addDays(today, -3_659), to: today };
    expect(await requestBackfill(deployment, most)).toMatchObject({ days: 3_660 });
    for (const days of [
      { from: '2026-11-25' },
      { from: today, to: '2026-11-23' },
      { from: addDays(today, -3_660), to: today },
    ])
      await daysRefused(requestBackfill(deployment, { ...dataset, dryRun: false, ...days }));
  });

  it('to load days has the day that has begun in the timezone of the dataset, and no later one', async () => {
    const asked = { ...dataset, source: 'beta', dryRun: true };
    expect(await requestBackfill(deployment, { ...asked, from: '2026-11-25' })).toMatchObject({ days: 1 });
    await daysRefused(requestBackfill(deployment, { ...asked, from: '2026-11-26' }));
  });

  it('to export days names them, up to yesterday, and drops only with days', async () => {
    const asked = { dryRun: false, export: 'raw' };
    expect(await requestExport(deployment, { ...asked, dryRun: true, from: '2026-11-23' })).toMatchObject({
      asked: [{ export: 'raw', days: 1 }],
    });
    expect(await requestExport(deployment, { dryRun: true })).toEqual({
      dryRun: true,
      asked: [{ export: 'raw', from: '2026-11-22', to: '2026-11-23', days: 2 }],
    });
    expect(await operated.requests('export')).toEqual([]);
    await requestExport(deployment, { ...asked, drop: true });
    await requestExport(deployment, { ...asked, from: '2026-11-22', to: '2026-11-23', drop: true });
    await requestExport(deployment, { ...asked, from: '2026-11-23', drop: false });
    expect(await operated.requests('export')).toEqual([
      { sluice: 'export', exports: ['raw'] },
      { sluice: 'export', exports: ['raw'], days: ['2026-11-22', '2026-11-23'], drop: true },
      { sluice: 'export', exports: ['raw'], days: ['2026-11-23'] },
    ]);
    for (const days of [{ from: today }, { to: '2026-11-23' }])
      await daysRefused(requestExport(deployment, { ...asked, ...days }));
  });

  it('is told from one that AWS did not take', async () => {
    const code = 'AccessDeniedException';
    services.faults.set({
      sqs: [{ fault: 'failCalls', code, operations: ['SendMessageBatch'], calls: 'all' }],
    });
    await expect(requestIngest(deployment, { dryRun: false })).rejects.toMatchObject({
      code: 'SLUICE_QUEUE_NOT_SENT',
    });
  });
});
