import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { calendarText } from '../../../../cli/ingest/calendarText.ts';
import { addDays, utcDay } from '../../../../lib/base/time.ts';
import { markerReason } from '../../../../lib/drops/plan/decideDay.ts';
import { explainDay } from '../../../../observe/ingest/explainDay.ts';
import { entryOf, metricsOf, plan } from './planRuns.ts';
import { startIngest } from './startIngest.ts';

const HOUR_MS = 3_600_000;
let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const today = () => utcDay(ingest.clock.now());
const ago = (days: number) => addDays(today(), -days);
const load = (day: string) => ingest.settle(day, { version: 'v1' });

describe('a day that a run of the plan looks at again', () => {
  it('looks at a loaded day whose files are missing however old it is, also after a listing that failed', async () => {
    ingest = await startIngest();
    const day = ago(1);
    await ingest.dropInto(day);
    await plan(ingest);
    await load(day);
    await ingest.remove(`events/${day}/a.parquet`);
    await plan(ingest);
    const openDays = async () => Object(await ingest.readJson('ledger/acme/events/last-look.json')).openDays;
    expect(await openDays()).toEqual([day]);
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    await ingest.letNobodyIn();
    await plan(ingest);
    expect(await openDays()).toEqual([day]);
    await ingest.letIn();
    expect(await plan(ingest)).toMatchObject({ queued: [{}] });
    await ingest.settle(day, { version: 'v1', state: 'inputs_missing' });
    await plan(ingest);
    expect(await openDays()).toEqual([day]);
  });

  it('looks at a day that waits for a commit however old it is, says so, and names what was asked for', async () => {
    ingest = await startIngest();
    const day = ago(1);
    const old = ago(20);
    for (const planned of [day, old]) {
      await ingest.put(`events/${planned}/_started_1`);
      await ingest.put(`events/${planned}/part-0-tid-1-x.parquet`);
    }
    await ingest.clock.advance(HOUR_MS);
    expect(await plan(ingest, { days: [old], asked: 'backfill' })).toMatchObject({ queued: [{}] });
    expect(await plan(ingest)).toMatchObject({ queued: [{}] });
    // As a load does that finds no commit.
    const fingerprint = (await entryOf(ingest, day))?.queued?.fingerprint ?? '';
    for (const planned of [day, old]) {
      const place = { source: 'acme', dataset: 'events', day: planned, table: 'acme_events' };
      const outcome = await ingest.ledger.claim(place, 'loader', ingest.clock.now() + 1, fingerprint);
      if (!('claim' in outcome)) throw new Error('busy');
      const { queued } = outcome.claim.entry;
      await ingest.ledger.defer(outcome.claim, {
        ...queued,
        fingerprint: queued?.fingerprint ?? '',
        reason: markerReason(),
      });
    }
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    expect((await ingest.status())?.waiting).toEqual(
      [old, day].map((planned) => ({
        day: planned,
        isLacking: true,
        cure: 'explain',
        since: expect.any(Number),
        words: expect.stringMatching(/^has 1 file and no commit since 2/),
      })),
    );
    await ingest.put(`events/${day}/_committed_1`, JSON.stringify({ added: [], removed: [] }));
    await ingest.clock.advance(HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [{}] });
  });

  it('names a day that failed for a month, and does not try it again once it is before the lookback', async () => {
    ingest = await startIngest();
    const day = ago(1);
    const old = ago(20);
    await ingest.dropInto(day, old);
    await plan(ingest);
    await plan(ingest, { days: [old], asked: 'backfill' });
    const failure = { code: 'SLUICE_X', message: 'Why.' };
    for (const planned of [day, old]) await ingest.settle(planned, { state: 'failed', failure });
    const named = async () => {
      const status = await ingest.status(1);
      return status?.days.flatMap((planned) => (planned.entry === null ? [] : [planned.day]));
    };
    await ingest.clock.advance(13 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [{}] });
    expect(await metricsOf(ingest)).toMatchObject({ days_failed: 1 });
    await ingest.settle(day, { state: 'failed', failure });
    expect(await named()).toEqual([old, day]);
    await ingest.clock.advance(10 * 24 * HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    expect(await metricsOf(ingest)).toMatchObject({ days_failed: 0 });
    expect(await named()).toEqual([old, day]);
    await ingest.put(`events/${old}/a.parquet`, 'PAR1 corrected');
    await ingest.clock.advance(HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [{}] });
    await load(old);
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    await plan(ingest);
    expect(await named()).toEqual([]);
  });

  it('tries a failed day again that a message names, also before the lookback', async () => {
    ingest = await startIngest();
    const old = ago(20);
    await ingest.dropInto(old);
    await plan(ingest, { days: [old], asked: 'backfill' });
    await ingest.settle(old, { state: 'failed', failure: { code: 'SLUICE_X', message: 'Why.' } });
    await ingest.clock.advance(12 * HOUR_MS);
    expect(await plan(ingest, { days: [old] })).toMatchObject({ queued: [{}] });
  });

  it('says which days before the lookback have newer files than were loaded, until they are loaded', async () => {
    ingest = await startIngest();
    const days = [9, 8, 7].map(ago);
    const settle = async () => {
      for (const day of days) {
        const { Contents = [] } = await ingest.s3.send(
          new ListObjectsV2Command({ Bucket: 'acme-drops', Prefix: `events/${day}/` }),
        );
        const files = Contents.map(({ Key: key = '', Size: size = 0, ETag: eTag = '' }) => ({
          key,
          size,
          eTag,
        }));
        await ingest.settle(day, {
          version: 'v1',
          files: files.map((file) => ({ ...file, fate: 'loaded' as const })),
          rows: { in: 9, out: 9, refused: 0 },
          usualRows: 100,
        });
      }
    };
    await ingest.dropInto(...days);
    await plan(ingest, { days, asked: 'backfill' });
    await settle();
    const reported = async () => {
      const open = {
        s3: ingest.s3,
        config: ingest.config,
        stack: { service: 'sluice', stage: 'test' },
        aws: { region: 'us-east-1' },
        isLocal: true,
        now: ingest.clock.now(),
      };
      const status = await ingest.status();
      if (status === undefined) throw new Error('no dataset');
      const place = { source: 'acme', dataset: 'events', day: days[2] ?? '' };
      const { explanation } = await explainDay(open, place);
      const { hasNewer, next } = explanation;
      return { newer: status.newer, text: calendarText([status]), explained: hasNewer, next };
    };
    await plan(ingest);
    const unusual = expect.stringContaining('sluice ingest accept keep --source acme');
    expect(await reported()).toMatchObject({ newer: [], explained: false, next: unusual });

    await ingest.clock.advance(24 * HOUR_MS);
    await ingest.put(`events/${days[0]}/a.parquet`, 'PAR1 corrected');
    await ingest.put(`events/${days[1]}/b.parquet`, 'PAR1 corrected');
    await ingest.put(`events/${days[2]}/b.parquet`, 'PAR1 corrected');
    await plan(ingest);
    // A listing that fails says nothing of them.
    await ingest.letNobodyIn();
    await plan(ingest);
    await ingest.letIn();
    expect(await reported()).toMatchObject({ newer: days, explained: true });
    expect((await reported()).text).toContain(
      `npx sluice ingest backfill --source acme --dataset events --from ${days[0]} --to ${days[2]}\``,
    );

    await plan(ingest, { datasets: ['events'], days, asked: 'backfill' });
    await settle();
    expect(await reported()).toMatchObject({ newer: [], explained: false });
    await plan(ingest);
    expect(await reported()).toMatchObject({ newer: [], explained: false });
  });

  it('says once where a dataset is looked for now that has no file there, and since when', async () => {
    ingest = await startIngest();
    const days = [6, 3, 2, 1].map(ago);
    await ingest.dropInto(...days);
    for (const day of days) await ingest.put(`events/${day.replaceAll('-', '')}/old.parquet`);
    await plan(ingest, { days, datasets: ['events'] });
    const place = 's3://acme-drops/events/YYYY-MM-DD';
    for (const day of days) await ingest.settle(day, { version: 'v1', place });
    await plan(ingest);
    const note = () => ingest.readJson('ledger/acme/events/last-look.json');
    expect(await note()).toMatchObject({ stopped: false, place: { name: place } });
    const reported = async () => {
      const status = await ingest.status();
      if (status === undefined) throw new Error('no status');
      return calendarText([status])
        .split('\n')
        .filter((line) => line.includes('was loaded from'));
    };
    expect(await reported()).toEqual([]);

    await ingest.look({ dayFormat: 'YYYY/MM/DD' });
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    const { place: noted } = Object(await note());
    await ingest.clock.advance(HOUR_MS);
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    const name = 's3://acme-drops/events/YYYY/MM/DD';
    expect(await note()).toMatchObject({ stopped: true, openDays: [], place: noted });
    expect(noted).toMatchObject({ name });
    expect(await reported()).toEqual([
      expect.stringContaining(`${ago(3)} to ${ago(1)} was loaded from ${place}`),
    ]);

    // At a third place one day has files, and so has one before the lookback, which are older than its entry.
    await ingest.look({ dayFormat: 'YYYYMMDD' });
    expect(await plan(ingest)).toMatchObject({ queued: [{}, {}, {}] });
    expect(await ingest.status()).toMatchObject({ newer: [ago(6)], lastLook: { stopped: false } });
  });
});
