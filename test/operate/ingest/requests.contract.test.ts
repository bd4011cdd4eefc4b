import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { lateNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../../../observe/deployment.ts';
import {
  laterDays,
  requestAcceptance,
  requestBackfill,
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
  const early = { source: 'beta', dataset: 'orders' };
  const sent = { sluice: 'plan', sources: ['acme'], datasets: ['events'] };

  it('to look for changes names each source with its datasets, and nothing is sent in a dry run', async () => {
    // Three days, and today in the timezone of each.
    const asked = [
      { ...dataset, from: '2026-11-21', to: today, days: 4 },
      { ...early, from: '2026-11-22', to: '2026-11-25', days: 4 },
    ];
    expect(await requestIngest(deployment, { dryRun: true })).toEqual({ dryRun: true, asked });
    expect(await operated.requests('ingest-plan')).toEqual([]);
    expect(await requestIngest(deployment, { dryRun: false })).toEqual({ dryRun: false, asked });
    expect(await operated.requests('ingest-plan')).toEqual([
      sent,
      { ...sent, sources: ['beta'], datasets: ['orders'] },
    ]);
  });

  describe('to accept days', () => {
    const range = { from: '2026-11-14', to: '2026-11-25' };
    /** Writes days of `acme` with something to accept or not, and days that it has a later state of. */
    beforeEach(async () => {
      const write = (day: string, more: Partial<LedgerEntry>) =>
        operated.store.write(
          `ledger/acme/events/${day}.json`,
          JSON.stringify(ledgerEntry({ day, version: 'v1', ...more })),
        );
      const failed = { state: 'failed', failure: { code: 'SLUICE_X', message: 'x.' } } as const;
      const noRows = { key: 'a', size: 1, eTag: '"a"', fate: 'left_out', reason: 'no_rows' } as const;
      const late = ['2026-11-14', '2026-11-15'].map((day) => ({ day, due: NOW }));
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
    });

    it.each([
      { asked: 'keep', days: ['2026-11-16', '2026-11-18', '2026-11-21'] },
      {
        asked: 'empty',
        days: ['2026-11-14', '2026-11-15', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-21'],
      },
    ] as const)(
      'as $asked has those of each dataset that have something to accept so',
      async ({ asked, days }) => {
        const all = { ...range, asked, source: 'acme' };
        expect(await requestAcceptance(deployment, { ...all, dryRun: true })).toEqual({
          dryRun: true,
          asked: [{ ...dataset, ...range, days: days.length }],
        });
        expect(await operated.requests('ingest-plan')).toEqual([]);
        await requestAcceptance(deployment, { ...all, dryRun: false });
        expect(await operated.requests('ingest-plan')).toEqual([{ ...sent, asked, days }]);
      },
    );

    it('of a source without such days is not sent', async () => {
      const asked = { ...range, asked: 'keep', source: 'beta', dryRun: false } as const;
      expect(await requestAcceptance(deployment, asked)).toMatchObject({
        asked: [{ source: 'beta', days: 0 }],
      });
      expect(await operated.requests('ingest-plan')).toEqual([]);
    });

    it('has no day after tomorrow', async () => {
      const tooLate = { ...range, to: '2026-11-26', asked: 'keep', source: 'acme', dryRun: true } as const;
      await daysRefused(requestAcceptance(deployment, tooLate));
    });

    it('tells days that are loading, and days that are of another place', async () => {
      const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'];
      expect(await laterDays(deployment, dataset, days)).toEqual({
        loading: ['2026-11-23', '2026-11-24'],
        moved: ['2026-11-22'],
      });
    });
  });

  it('to load days is sent in messages of 31 days, and not in a dry run', async () => {
    const range = { ...dataset, from: '2026-10-20', to: '2026-11-20' };
    expect(await requestBackfill(deployment, { ...range, dryRun: true })).toEqual({
      ...range,
      dryRun: true,
      days: 32,
    });
    expect(await operated.requests('ingest-plan')).toEqual([]);
    await requestBackfill(deployment, { ...range, dryRun: false });
    expect(await operated.requests('ingest-plan')).toEqual([
      { ...sent, asked: 'backfill', days: Array.from({ length: 31 }, (_, i) => addDays('2026-10-20', i)) },
      { ...sent, asked: 'backfill', days: ['2026-11-20'] },
    ]);
  });

  it('to load one day as empty has that day', async () => {
    const asked = { ...dataset, dryRun: false, from: today, asked: 'empty' } as const;
    expect(await requestBackfill(deployment, asked)).toMatchObject({ days: 1, to: today });
    expect(await operated.requests('ingest-plan')).toEqual([{ ...sent, asked: 'empty', days: [today] }]);
  });

  it('to load days has 3,660 days at most', async () => {
    const most = { ...dataset, dryRun: true, from: addDays(today, -3_659), to: today };
    expect(await requestBackfill(deployment, most)).toMatchObject({ days: 3_660 });
    await daysRefused(requestBackfill(deployment, { ...most, from: addDays(today, -3_660) }));
  });

  it.each([
    { what: 'after today', days: { from: '2026-11-25' } },
    { what: 'in the wrong order', days: { from: today, to: '2026-11-23' } },
  ])('to load days is refused if they are $what', async ({ days }) => {
    await daysRefused(requestBackfill(deployment, { ...dataset, dryRun: false, ...days }));
  });

  it('to load days has the day that has begun in the timezone of the dataset, and no later one', async () => {
    const asked = { ...early, dryRun: true };
    expect(await requestBackfill(deployment, { ...asked, from: '2026-11-25' })).toMatchObject({ days: 1 });
    await daysRefused(requestBackfill(deployment, { ...asked, from: '2026-11-26' }));
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
