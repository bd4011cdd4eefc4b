import { basename } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PART_BYTES } from '../../../lib/aws/multipartUpload.ts';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { exportDay, exportFaultPoints } from '../../../lib/export/exportDay.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { killedAt } from '../../harness/killedAt.ts';
import {
  bytesOfSize,
  DAY,
  type ExporterOptions,
  type ExportWorld,
  OURS,
  startExport,
  TARGET,
  THEIRS,
} from './startExport.ts';

const task = { day: DAY, fingerprint: 'as planned' };
/** Tables by what the export knows of their files: `rawDays` of lib/aws/landedTable.ts. */
const TABLES = [
  ['of versions', undefined],
  ['of raw files that do not expire', null],
  ['of raw files that expire after the day', 400],
] as const;

/** A fault point that acts at one step. */
const at =
  (point: (typeof exportFaultPoints)[number], act: () => Promise<unknown>) => async (step: string) => {
    if (step === point) await act();
  };

describe('the export of a day', () => {
  let world: ExportWorld;
  beforeEach(async () => {
    world = await startExport();
    await world.register(DAY);
    await world.put('a.parquet', 'first');
    await world.put('b.parquet', 'second');
  });
  afterEach(() => world.close());

  const run = (more: ExporterOptions = {}) =>
    exportDay(world.exporter(more), more.exported ?? world.configured(), task);
  const drop = () => exportDay(world.exporter(), world.configured(), { ...task, drop: true });
  const entry = () => world.ledger.read(exportSubject(world.configured(), DAY));
  /** Contents of the day's Parquet files in the customer's bucket, sorted, and those that the manifest names. */
  const contents = async () => {
    const files = await world.exported();
    const named = world.manifest(files).files.map(({ name }) => files.get(name));
    const there = [...files].filter(([name]) => /^sluice-/.test(name)).map(([, body]) => body);
    return { there: there.sort(), named: named.sort() };
  };
  const both = (...bodies: string[]) => ({ there: bodies, named: bodies });
  /** Replaces a file as an erasure does. The ledger does not know it yet: {@link noteReplacement}. */
  const replaceFile = async (name: string, body: string) => {
    const eTag = async () => {
      const files = await world.table.files(`events/${DAY}/`);
      return files.find(({ key }) => basename(key) === name)?.eTag ?? '';
    };
    const from = await eTag();
    await world.put(name, body);
    return { name, from, to: await eTag() };
  };
  /** Notes in the ledger that an erasure has replaced a file. @param ended When the erasure ended, if it did. */
  const noteReplacement = (
    replaced: Awaited<ReturnType<typeof replaceFile>>,
    ended?: { readonly endedAt: number },
  ) => {
    const note = { id: 'e1', at: world.clock.now(), ...ended };
    return world.ledger.change(exportSubject(world.configured(), DAY), (known) => ({
      entry: noteErasure(known, note, [replaced]),
    }));
  };
  const erase = async (name: string, body: string, ended?: { readonly endedAt: number }) =>
    noteReplacement(await replaceFile(name, body), ended);
  /** Files of the table in the ledger, as `a loaded`. */
  const fates = async () =>
    (await entry())?.files.map(({ key, fate }) => `${basename(key, '.parquet')} ${fate}`).sort();

  it('writes its files and a manifest of them, and records it in the ledger', async () => {
    await world.put('_temporary', 'no data');
    await world.put('empty.parquet', '');
    expect(await run()).toMatchObject({ outcome: 'settled', copied: 2, removed: 0 });
    expect(await contents()).toEqual(both('first', 'second'));
    expect(world.manifest(await world.exported())).toMatchObject({
      version: 1,
      table: 'statsig_forwarded_events',
      day: DAY,
      bytes: 11,
      exportedAt: '2026-11-20T12:00:00.000Z',
    });
    expect(await entry()).toMatchObject({
      source: 'exports',
      dataset: 'events',
      state: 'succeeded',
      attempts: 1,
      bytes: 11,
      files: [
        { key: `events/${DAY}/a.parquet`, fate: 'loaded' },
        { key: `events/${DAY}/b.parquet`, fate: 'loaded' },
      ],
    });
    const [file] = world.manifest(await world.exported()).files;
    const head = world.store.head(TARGET, `events/${DAY}/${file?.name}`);
    expect(head.attributes.headers['content-type']).toBe('application/vnd.apache.parquet');
  });

  it('copies no file twice, and restores files that somebody deleted', async () => {
    await run();
    expect(await run()).toMatchObject({ copied: 0, removed: 0 });
    const [file] = world.manifest(await world.exported()).files;
    const key = `events/${DAY}/${file?.name}`;
    world.store.delete(TARGET, key);
    expect(await run()).toMatchObject({ copied: 1 });
    expect(await contents()).toEqual(both('first', 'second'));
    // Somebody has cut a file off.
    await world.store.put(TARGET, key, 'f');
    expect(await run()).toMatchObject({ copied: 1 });
    expect(await contents()).toEqual(both('first', 'second'));
  });

  it('writes new files first, then the manifest, then deletes the old ones, and keeps foreign objects', async () => {
    await run();
    await world.store.put(TARGET, `events/${DAY}/theirs.parquet`, 'theirs');
    await world.store.put(TARGET, 'events/2026-11-18/sluice-00000000000000000000000000000000.parquet', 'x');
    await erase('b.parquet', 'corrected');
    const seen: Record<string, Awaited<ReturnType<typeof contents>>> = {};
    await run({
      async faultPoint(point) {
        seen[point] = await contents();
      },
    });
    expect(seen['copied']).toEqual({ there: ['corrected', 'first', 'second'], named: ['first', 'second'] });
    expect(seen['manifested']).toEqual({
      there: ['corrected', 'first', 'second'],
      named: ['corrected', 'first'],
    });
    expect(seen['swept']).toEqual(both('corrected', 'first'));
    expect((await world.exported()).get('theirs.parquet')).toBe('theirs');
    expect((await world.exported('2026-11-18')).size).toBe(1);
  });

  it('leaves a manifest without files when the day has no more files', async () => {
    await run();
    world.remove('a.parquet');
    world.remove('b.parquet');
    expect(await drop()).toMatchObject({ outcome: 'settled', removed: 2 });
    expect(await contents()).toEqual(both());
    expect(await entry()).toMatchObject({ state: 'succeeded_no_data', files: [], bytes: 0 });
  });

  describe.each([
    ['all', ['a.parquet', 'b.parquet'], ['a kept', 'b kept']],
    ['some', ['b.parquet'], ['a loaded', 'b kept']],
  ] as const)('when %s of its files are gone', (_, gone, left) => {
    it.each(TABLES)('takes nothing away until they are back, from a table %s', async (_, rawDays) => {
      const table = world.tableWith(rawDays);
      world.clock.advance(HOUR_MS);
      await run({ table });
      for (const name of gone) world.remove(name);
      for (let times = 0; times < 2; times += 1) {
        expect(await run({ table })).toMatchObject({ copied: 0, removed: 0 });
        expect(await contents()).toEqual(both('first', 'second'));
        expect(await entry()).toMatchObject({ state: 'succeeded', bytes: 11 });
        expect(await fates()).toEqual(left);
      }
      for (const name of gone) await world.put(name, name === 'a.parquet' ? 'first' : 'second');
      expect(await run({ table })).toMatchObject({ removed: 0 });
      expect(await fates()).toEqual(['a loaded', 'b loaded']);
    });

    it('takes their copies away once it is told to drop them', async () => {
      await run();
      for (const name of gone) world.remove(name);
      await run();
      expect(await drop()).toMatchObject({ removed: gone.length });
      expect((await contents()).there).toHaveLength(2 - gone.length);
    });
  });

  it.each(TABLES)(
    'keeps the copy of a file in whose place there is another, from a table %s',
    async (_, rawDays) => {
      const table = world.tableWith(rawDays);
      world.clock.advance(HOUR_MS);
      await run({ table });
      await world.put('a.parquet', '');
      await world.put('b.parquet', 'half');
      for (const copied of [1, 0]) {
        expect(await run({ table })).toMatchObject({ copied, removed: 0 });
        expect(await contents()).toEqual(both('first', 'half', 'second'));
      }
      await world.put('a.parquet', 'first');
      await run({ table });
      expect(await fates()).toEqual(['a loaded', 'b kept', 'b loaded']);
      // It is copied back beside the file that replaced it: the copy goes once the other is there.
      await world.put('restored-b.parquet', 'second');
      await run({ table });
      expect((await contents()).there).toContain('second');
      world.clock.advance(HOUR_MS);
      await run({ table });
      expect(await fates()).toEqual(['a loaded', 'b loaded', 'restored-b loaded']);
      expect(await contents()).toEqual(both('first', 'half', 'second'));
    },
  );

  it('knows what an erasure has replaced, also after an export that failed, and no other file in its place', async () => {
    await run();
    await erase('a.parquet', 'erased', { endedAt: world.clock.now() });
    world.clock.advance(1);
    world.store.bucket(TARGET).settings = {};
    expect(await run()).toMatchObject({ entry: { state: 'failed' } });
    expect(await fates()).toEqual(['a loaded', 'b loaded']);
    world.openTarget();
    expect(await run()).toMatchObject({ removed: 1 });
    expect(await contents()).toEqual(both('erased', 'second'));
    await erase('a.parquet', 'erased twice');
    await world.put('a.parquet', 'half');
    await run();
    expect(await contents()).toEqual(both('erased', 'half', 'second'));
  });

  it('knows what an erasure has replaced before it lists, and notes while it copies', async () => {
    await run();
    const replaced = await replaceFile('a.parquet', 'erased');
    const faultPoint = at('copied', () => noteReplacement(replaced));
    expect(await run({ faultPoint })).toMatchObject({ removed: 1 });
    expect(await contents()).toEqual(both('erased', 'second'));
  });

  it('takes away what another version of the day, or retention, has taken', async () => {
    await run();
    await world.put('v2/c.parquet', 'third');
    const versioned = (table: typeof world.table) => ({
      table: { ...table, locations: async () => new Map([[DAY, `events/${DAY}/v2/`]]) },
    });
    expect(await run(versioned(world.table))).toMatchObject({ removed: 2 });
    expect(await contents()).toEqual(both('third'));
    world.remove('v2/c.parquet');
    // The clock says the day after.
    expect(await run(versioned(world.tableWith(2)))).toMatchObject({ removed: 0 });
    expect(await run(versioned(world.tableWith(1)))).toMatchObject({ removed: 1 });
  });

  it('leaves new files of a raw table to the next run, and takes replaced ones at once', async () => {
    const table = world.tableWith(null);
    expect(await run({ table })).toMatchObject({ copied: 0 });
    world.clock.advance(HOUR_MS);
    expect(await run({ table })).toMatchObject({ copied: 2 });
    await erase('a.parquet', 'erased');
    await world.put('c.parquet', 'third');
    expect(await run({ table })).toMatchObject({ copied: 1, removed: 1 });
    expect(await contents()).toEqual(both('erased', 'second'));
    world.clock.advance(HOUR_MS / 2);
    await run({ table });
    expect(await contents()).toEqual(both('erased', 'second', 'third'));
  });

  it('sends large files in parts, byte for byte, and aborts uploads that a killed run left', async () => {
    const left = world.store.bucket(TARGET).uploads;
    const attributes = { headers: {}, metadata: {}, encryption: {} };
    const ours = `sluice-${'0'.repeat(32)}.parquet`;
    const theirs = [`elsewhere/${ours}`, `events/${DAY}/sluice-x`, `events/${DAY}/theirs.parquet`];
    for (const key of [...theirs, `events/${DAY}/${ours}`]) left.begin({ key, attributes });
    // The last two are larger than a part.
    const bodies = [PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES].map(bytesOfSize);
    for (const [i, body] of bodies.entries()) await world.put(`large-${i}.parquet`, body);
    // Statsig's document of exports lets nobody list uploads: what it allows beside objects never takes effect.
    // https://docs.statsig.com/integrations/data-exports/data_warehouse_exports
    const { bucketPolicy } = world.policies(TARGET);
    const asInDocument = {
      ...bucketPolicy,
      Statement: bucketPolicy.Statement.map((statement) => ({
        ...statement,
        Action: statement.Action.filter((action) => action !== 's3:ListBucketMultipartUploads'),
      })),
    };
    world.store.bucket(TARGET).settings = { policy: JSON.stringify(asInDocument) };
    expect(await run()).toMatchObject({ outcome: 'settled', copied: 2 + bodies.length });
    expect(left.list()).toHaveLength(theirs.length + 1);
    const files = await world.exported();
    for (const body of bodies) expect([...files.values()].includes(body.toString('latin1'))).toBe(true);
    const etags = world.store
      .list(TARGET, { prefix: `events/${DAY}/sluice-`, limit: 10 })
      .entries.flatMap((listed) => ('object' in listed ? listed.object.etag : []));
    expect(etags.filter((etag) => etag.endsWith('-2'))).toHaveLength(2);
    world.openTarget();
    await run();
    expect(left.list().map(({ key }) => key)).toEqual(theirs);
  });

  it('exports the new content of a file that is replaced during the read', async () => {
    let replaced = false;
    const faultPoint = at('listed', async () => {
      if (replaced) return;
      replaced = true;
      await world.put('a.parquet', 'replaced');
      world.remove('b.parquet');
    });
    await run({ faultPoint });
    expect(await contents()).toEqual(both('replaced'));
  });

  it('fails by name when files never stop changing', async () => {
    let n = 0;
    const faultPoint = at('listed', () => {
      n += 1;
      return world.put('a.parquet', `content ${n}`);
    });
    expect(await run({ faultPoint })).toMatchObject({
      entry: { failure: { code: 'SLUICE_EXPORT_FILES_CHANGING' } },
    });
  });

  it('is done by one of two concurrent runs', async () => {
    const outcomes = (await Promise.all([run(), run()])).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['busy', 'settled']);
    expect(await contents()).toEqual(both('first', 'second'));
  });

  // Whoever takes a day over waits until its lease ends, which no function outlives: the clock is wound on here. After
  // the claim is renewed, nothing but the ledger stops a run.
  it.each([
    ['copied', ['first', 'second']],
    ['renewed', ['corrected', 'first', 'second']],
    ['swept', ['corrected', 'first', 'second']],
  ] as const)(
    'is lost to another run that takes the day at %s, and leaves its entry alone; the manifest names %j',
    async (point, named) => {
      await run();
      await world.put('b.parquet', 'corrected');
      let taken: Awaited<ReturnType<typeof entry>> | undefined;
      const faultPoint = at(point, async () => {
        world.clock.advance(HOUR_MS);
        const until = world.clock.now() + HOUR_MS;
        await world.ledger.claim(exportSubject(world.configured(), DAY), 'another', until, 'f');
        taken = await entry();
      });
      expect(await run({ faultPoint })).toEqual({ outcome: 'lost' });
      expect(taken).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
      expect(await entry()).toEqual(taken);
      expect(await contents()).toEqual({ there: ['corrected', 'first', 'second'], named });
    },
  );

  it('continues where it ran out of time', async () => {
    let now = world.clock.now();
    const slow = { now: () => now };
    const faultPoint = (point: string) => {
      if (point === 'copiedOne') now += HOUR_MS;
    };
    // Beside the two of each test.
    for (let i = 0; i < 6; i += 1) await world.put(`more-${i}.parquet`, `more ${i}`);
    const first = await run({ clock: slow, faultPoint });
    expect(first).toMatchObject({ outcome: 'unfinished' });
    expect(await entry()).toMatchObject({ failure: { code: 'SLUICE_EXPORT_OUT_OF_TIME' } });
    const second = await run();
    expect(second).toMatchObject({ outcome: 'settled' });
    const copied = (done: typeof first) => ('copied' in done ? done.copied : 0);
    expect(copied(first) + copied(second)).toBe(8);
    expect((await contents()).there).toHaveLength(8);
  });

  it.each(exportFaultPoints)(
    'ends with the same result when it is killed at %s and restarted',
    async (point) => {
      await run();
      await erase('a.parquet', 'corrected');
      world.remove('b.parquet');
      await world.put('c.parquet', 'third');
      const { faultPoint, killed } = killedAt(point);
      expect(await Promise.race([run({ faultPoint }), killed])).toBe('killed');
      if (point !== 'settled') expect(await run()).toMatchObject({ outcome: 'busy' });
      world.clock.advance(HOUR_MS);
      expect(await run()).toMatchObject({ outcome: 'settled' });
      expect(await contents()).toEqual(both('corrected', 'second', 'third'));
      const { lease, ...settled } = (await entry()) ?? {};
      expect(lease).toBeUndefined();
      expect(settled).toMatchObject({ state: 'succeeded', bytes: 20, files: [{}, {}, { fate: 'kept' }] });
    },
  );

  it.each<[string, string, (target: ExportWorld) => Partial<Export['target']>]>([
    [
      'a policy that does not let it in',
      'SLUICE_EXPORT_ACCESS_DENIED',
      ({ store }) => {
        store.bucket(TARGET).settings = {};
        return {};
      },
    ],
    ['another owner', 'SLUICE_EXPORT_OWNER_DIFFERS', () => ({ owner: OURS })],
    [
      'another owner whose policy does not let it in',
      'SLUICE_EXPORT_ACCESS_DENIED',
      ({ store }) => {
        store.bucket(TARGET).settings = {};
        return { owner: OURS };
      },
    ],
    ['no such bucket', 'SLUICE_EXPORT_BUCKET_MISSING', () => ({ bucket: 'nobodys-bucket' })],
    [
      'a bucket in another region',
      'SLUICE_EXPORT_REGION_WRONG',
      ({ store }) => {
        store.createBucket('in-ireland', { account: THEIRS, region: 'eu-west-1' });
        return { bucket: 'in-ireland' };
      },
    ],
    [
      'a key of theirs that does not let it in',
      'SLUICE_EXPORT_KEY_DENIED',
      ({ keys }) => {
        const root = { AWS: `arn:aws:iam::${THEIRS}:root` };
        const policy = { Statement: { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' } };
        return { kmsKeyArn: keys.create(THEIRS, '', JSON.stringify(policy)).arn };
      },
    ],
  ])('fails by name on %s, and keeps the existing objects', async (_, code, spoil) => {
    await run();
    const before = await world.exported();
    const fingerprint = (await entry())?.fingerprint;
    await erase('a.parquet', 'corrected');
    const exported = world.configured(spoil(world));
    expect(await run({ exported })).toMatchObject({
      outcome: 'settled',
      entry: { state: 'failed', failure: { code }, fingerprint },
    });
    expect(await world.exported()).toEqual(before);
    world.openTarget();
    expect(await run()).toMatchObject({ entry: { state: 'succeeded' } });
    expect(await contents()).toEqual(both('corrected', 'second'));
  });

  it.each([
    {
      title: 'the manifest',
      Action: 's3:PutObject',
      name: '_manifest.json',
      there: ['corrected', 'first', 'second'],
      named: ['first', 'second'],
    },
    {
      title: 'the deletion',
      Action: 's3:DeleteObject',
      name: 'sluice-*',
      there: ['corrected', 'first', 'second'],
      named: ['corrected', 'second'],
    },
  ])('reports that only $title is denied, and releases the day', async ({ Action, name, there, named }) => {
    await run();
    await erase('a.parquet', 'corrected');
    const { bucketPolicy } = world.policies(TARGET);
    const deny = {
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource: `arn:aws:s3:::${TARGET}/events/${DAY}/${name}`,
    };
    const Statement = [...bucketPolicy.Statement, deny];
    world.store.bucket(TARGET).settings = { policy: JSON.stringify({ ...bucketPolicy, Statement }) };
    const failure = { code: 'SLUICE_EXPORT_ACCESS_DENIED' };
    expect(await run()).toMatchObject({ outcome: 'settled', entry: { state: 'failed', failure } });
    const left = await entry();
    expect(left).toMatchObject({ state: 'failed', failure });
    expect(left?.lease).toBeUndefined();
    expect(await contents()).toEqual({ there, named });
    world.openTarget();
    expect(await run()).toMatchObject({ outcome: 'settled', entry: { state: 'succeeded' } });
    expect(await contents()).toEqual(both('corrected', 'second'));
  });

  it('also records unexpected errors, without messages that could quote data', async () => {
    const target = { ...world.exporter().target, list: () => Promise.reject(new RangeError('a row')) };
    expect(await run({ target })).toMatchObject({
      outcome: 'settled',
      entry: { state: 'failed', failure: { code: 'SLUICE_EXPORT_STOPPED' } },
    });
    const left = await entry();
    expect(left?.failure?.message).toMatch(/RangeError\.$/);
    expect(left?.lease).toBeUndefined();
    expect(await run()).toMatchObject({ outcome: 'settled', entry: { state: 'succeeded' } });
  });
});
