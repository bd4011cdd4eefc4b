import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS, utcDay } from '../../../../lib/base/time.ts';
import { markerReason } from '../../../../lib/drops/plan/waitingReason.ts';
import { entryOf, metricsOf, plan } from './planRuns.ts';
import { startIngest } from './startIngest.ts';

let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const today = () => utcDay(ingest.clock.now());
const ago = (days: number) => addDays(today(), -days);
const load = (day: string) => ingest.settle(day, { version: 'v1' });
const FAILURE = { code: 'SLUICE_X', message: 'Why.' };

/** What status says of the dataset. */
async function status() {
  const found = await ingest.status();
  if (found === undefined) throw new Error('no dataset');
  return found;
}

const openDays = async () => Object(await ingest.readJson('ledger/acme/events/last-look.json')).openDays;

describe('a loaded day whose files are missing', () => {
  /** A loaded day whose files are gone, which the plan has seen. */
  async function startWithoutFiles(): Promise<string> {
    ingest = await startIngest();
    const day = ago(1);
    await ingest.dropInto(day);
    await plan(ingest);
    await load(day);
    await ingest.remove(`events/${day}/a.parquet`);
    await plan(ingest);
    return day;
  }

  it('is looked at after 30 days', async () => {
    await startWithoutFiles();
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [{}] });
  });

  it('is looked at after a listing that failed', async () => {
    const day = await startWithoutFiles();
    await ingest.letNobodyIn();
    await plan(ingest);
    expect(await openDays()).toEqual([day]);
  });

  it('is looked at after a load that has found them missing', async () => {
    const day = await startWithoutFiles();
    await ingest.settle(day, { version: 'v1', state: 'inputs_missing' });
    await plan(ingest);
    expect(await openDays()).toEqual([day]);
  });
});

describe('a day that waits for a commit', () => {
  /** Days whose file is not committed, of the lookback and before it, as a load leaves them that finds no commit. */
  async function startWithoutCommit(): Promise<readonly [old: string, day: string]> {
    ingest = await startIngest();
    const days = [ago(20), ago(1)] as const;
    for (const day of days) {
      await ingest.put(`events/${day}/_started_1`);
      await ingest.put(`events/${day}/part-0-tid-1-x.parquet`);
    }
    await ingest.clock.advance(HOUR_MS);
    await plan(ingest, { days, asked: 'backfill' });
    for (const day of days) {
      const place = { source: 'acme', dataset: 'events', day, table: 'acme_events' };
      const { queued } = (await entryOf(ingest, day)) ?? {};
      if (queued === undefined) throw new Error(`${day} was not queued`);
      const outcome = await ingest.ledger.claim(place, 'loader', ingest.clock.now() + 1, queued.fingerprint);
      if (!('claim' in outcome)) throw new Error('busy');
      await ingest.ledger.defer(outcome.claim, { ...queued, reason: markerReason() });
    }
    return days;
  }

  it('is told with what it has, also before the lookback', async () => {
    const days = await startWithoutCommit();
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    expect((await ingest.status())?.waiting).toEqual(
      days.map((day) => ({
        day,
        isLacking: true,
        cure: 'explain',
        since: expect.any(Number),
        words: expect.stringMatching(/^has 1 file and no commit since 2/),
      })),
    );
  });

  it('is looked at after 30 days, and queued once it is committed', async () => {
    const [, day] = await startWithoutCommit();
    await plan(ingest);
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    await ingest.put(`events/${day}/_committed_1`, JSON.stringify({ added: [], removed: [] }));
    await ingest.clock.advance(HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [{ day }] });
  });
});

describe('a failed day', () => {
  /** Days that have failed, of the lookback and before it. */
  async function startFailed(): Promise<readonly [old: string, day: string]> {
    ingest = await startIngest();
    const days = [ago(20), ago(1)] as const;
    await ingest.dropInto(...days);
    await plan(ingest, { days, asked: 'backfill' });
    for (const day of days) await ingest.settle(day, { state: 'failed', failure: FAILURE });
    return days;
  }

  const named = async () => {
    const status = await ingest.status(1);
    return status?.days.flatMap((planned) => (planned.entry === null ? [] : [planned.day]));
  };

  it('is tried again in its lookback alone, and counted there', async () => {
    const [, day] = await startFailed();
    await ingest.clock.advance(13 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [{ day }] });
    expect(await metricsOf(ingest)).toMatchObject({ days_failed: 1 });
  });

  it('is neither tried nor counted once it is before the lookback, but named', async () => {
    const days = await startFailed();
    await plan(ingest);
    await ingest.clock.advance(10 * 24 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    expect(await metricsOf(ingest)).toMatchObject({ days_failed: 0 });
    expect(await named()).toEqual(days);
  });

  it('is named no more after a month', async () => {
    await startFailed();
    await ingest.clock.advance(40 * 24 * HOUR_MS);
    await plan(ingest);
    expect(await named()).toEqual([]);
  });

  it('is tried again before the lookback when a message names it', async () => {
    const [old] = await startFailed();
    await ingest.clock.advance(12 * HOUR_MS);
    expect(await plan(ingest, { days: [old] })).toMatchObject({ queued: [{ day: old }] });
  });
});

describe('days before the lookback that have newer files than were loaded', () => {
  /** Loads three days before the lookback, and drops other files into each of them. */
  async function startWithNewer(): Promise<readonly [string, string, string]> {
    ingest = await startIngest();
    const days = [ago(9), ago(8), ago(7)] as const;
    await ingest.dropInto(...days);
    await loadAll(days);
    await plan(ingest);
    await ingest.clock.advance(24 * HOUR_MS);
    await ingest.put(`events/${days[0]}/a.parquet`, 'PAR1 corrected');
    for (const day of days.slice(1)) await ingest.put(`events/${day}/b.parquet`, 'PAR1 corrected');
    await plan(ingest);
    return days;
  }

  /** Loads the files that days have now, as a person asks for it. */
  async function loadAll(days: readonly string[]): Promise<void> {
    await plan(ingest, { datasets: ['events'], days, asked: 'backfill' });
    for (const day of days) {
      const { Contents = [] } = await ingest.s3.send(
        new ListObjectsV2Command({ Bucket: 'acme-drops', Prefix: `events/${day}/` }),
      );
      const files = Contents.map(({ Key: key = '', Size: size = 0, ETag: eTag = '' }) => {
        return { key, size, eTag, fate: 'loaded' as const };
      });
      await ingest.settle(day, { version: 'v1', files });
    }
  }

  const newer = async () => (await status()).newer;

  it('are told, also while a listing fails', async () => {
    const days = await startWithNewer();
    expect(await newer()).toEqual(days);
    await ingest.letNobodyIn();
    await plan(ingest);
    expect(await newer()).toEqual(days);
  });

  it('are none once they are loaded, before and after the next run', async () => {
    const days = await startWithNewer();
    await loadAll(days);
    expect(await newer()).toEqual([]);
    await plan(ingest);
    expect(await newer()).toEqual([]);
  });
});

describe('a dataset that is looked for at another place', () => {
  const OLD = 's3://acme-drops/events/YYYY-MM-DD';

  /** Loaded days of which the new place has no file, and one of them at a third place. */
  async function startElsewhere(): Promise<void> {
    ingest = await startIngest();
    const days = [6, 3, 2, 1].map(ago);
    await ingest.dropInto(...days);
    for (const day of days) await ingest.put(`events/${day.replaceAll('-', '')}/old.parquet`);
    await ingest.clock.advance(HOUR_MS);
    await plan(ingest, { days, datasets: ['events'] });
    for (const day of days) await ingest.settle(day, { version: 'v1', place: OLD });
    await plan(ingest);
    await ingest.look({ dayFormat: 'YYYY/MM/DD' });
  }

  const note = () => ingest.readJson('ledger/acme/events/last-look.json');

  it('queues nothing where it has no file', async () => {
    await startElsewhere();
    expect(await plan(ingest)).toMatchObject({ queued: [] });
  });

  it('notes since when it is looked for there', async () => {
    await startElsewhere();
    await plan(ingest);
    const { place } = Object(await note());
    expect(place).toMatchObject({ name: 's3://acme-drops/events/YYYY/MM/DD' });
    await ingest.clock.advance(HOUR_MS);
    await plan(ingest);
    expect(await note()).toMatchObject({ stopped: true, openDays: [], place });
  });

  it('queues its days where that place has files, and tells of one before the lookback, although they are old', async () => {
    await startElsewhere();
    await plan(ingest);
    await ingest.clock.advance(HOUR_MS);
    await ingest.look({ dayFormat: 'YYYYMMDD' });
    expect(await plan(ingest)).toMatchObject({ queued: [{}, {}, {}] });
    expect(await status()).toMatchObject({ newer: [ago(6)], lastLook: { stopped: false } });
  });
});
