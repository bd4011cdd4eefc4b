import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { ExportError } from '../../../lib/export/ExportError.ts';
import { exportFaultPoints } from '../../../lib/export/exportDay.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { killedAt } from '../../harness/killedAt.ts';
import { actAt, ExportedDay } from './ExportedDay.ts';
import { DAY, type ExportWorld, TARGET, THEIRS } from './startExport.ts';

describe('the export of a day that fails', () => {
  let day: ExportedDay;
  let world: ExportWorld;
  beforeEach(async () => {
    day = await ExportedDay.start();
    ({ world } = day);
  });
  afterEach(() => world.close());

  it('is done by one of two concurrent runs', async () => {
    const outcomes = (await Promise.all([day.run(), day.run()])).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['busy', 'settled']);
    await day.has('first', 'second');
  });

  // Whoever takes a day over waits until its lease ends, which no function outlives: the clock is wound on here. After
  // the claim is renewed, nothing but the ledger stops a run.
  it.each([
    { point: 'copied', named: ['first', 'second'] },
    { point: 'renewed', named: ['corrected', 'first', 'second'] },
    { point: 'swept', named: ['corrected', 'first', 'second'] },
  ] as const)(
    'is lost to another run that takes the day at $point, and leaves its entry and a whole manifest',
    async ({ point, named }) => {
      await day.run();
      await world.put('b.parquet', 'corrected');
      let taken: Awaited<ReturnType<ExportedDay['entry']>> | undefined;
      const faultPoint = actAt(point, async () => {
        world.clock.advance(HOUR_MS);
        const until = world.clock.now() + HOUR_MS;
        await world.ledger.claim(exportSubject(world.configured(), DAY), 'another', until, 'f');
        taken = await day.entry();
      });
      expect(await day.run({ faultPoint })).toEqual({ outcome: 'lost' });
      expect(taken).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
      expect(await day.entry()).toEqual(taken);
      expect(await day.contents()).toEqual({ there: ['corrected', 'first', 'second'], named });
    },
  );

  it.each([
    { what: 'file of text', text: 'not what it was, but long enough' },
    { what: 'file of text that comes in pieces', text: 'text '.repeat(100_000) },
    { what: 'file that is cut off', text: 'PAR1 and no more of it' },
    { what: 'file without its begin', text: 'its first bytes are gone PAR1' },
    { what: 'file of two marks', text: 'PAR1PAR1' },
    { what: 'file with an encrypted footer', text: 'PARE and rows, and its keys PARE' },
  ])(
    'copies no $what, keeps what the customer has, and exports the day once the file is back',
    async ({ text }) => {
      await day.run();
      const before = await world.exported();
      await world.put('b.parquet', Buffer.from(text));
      await world.put('c.parquet', 'third');
      await day.fails('SLUICE_EXPORT_FILE_DAMAGED');
      const after = await day.contents();
      expect(after.named).toEqual(['first', 'second']);
      expect((await world.exported()).get('_manifest.json')).toBe(before.get('_manifest.json'));
      expect(after.there).not.toContain(text);
      await world.put('b.parquet', 'second');
      await day.ends({ entry: { state: 'succeeded' } });
      await day.has('first', 'second', 'third');
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
    const first = await day.run({ clock: slow, faultPoint });
    expect(first).toMatchObject({ outcome: 'unfinished' });
    expect(await day.entry()).toMatchObject({ failure: { code: 'SLUICE_EXPORT_OUT_OF_TIME' } });
    const second = await day.run();
    expect(second).toMatchObject({ outcome: 'settled' });
    const copied = (done: typeof first) => ('copied' in done ? done.copied : 0);
    expect(copied(first) + copied(second)).toBe(8);
    expect((await day.contents()).there).toHaveLength(8);
  });

  it.each(exportFaultPoints)(
    'ends with the same result when it is killed at %s and restarted',
    async (point) => {
      await day.run();
      await day.erase('a.parquet', 'corrected');
      world.remove('b.parquet');
      await world.put('c.parquet', 'third');
      const { faultPoint, killed } = killedAt(point);
      expect(await Promise.race([day.run({ faultPoint }), killed])).toBe('killed');
      if (point !== 'settled') await day.ends({ outcome: 'busy' });
      world.clock.advance(HOUR_MS);
      await day.ends({ outcome: 'settled' });
      await day.has('corrected', 'second', 'third');
      const { lease, ...settled } = (await day.entry()) ?? {};
      expect(lease).toBeUndefined();
      expect(settled).toMatchObject({ state: 'succeeded', bytes: 56, files: [{}, {}, { fate: 'kept' }] });
    },
  );

  it.each<{
    readonly what: string;
    readonly code: string;
    readonly spoil: (target: ExportWorld) => Partial<Export['target']>;
  }>([
    {
      what: 'a policy that does not let it in',
      code: 'SLUICE_EXPORT_ACCESS_DENIED',
      spoil: ({ store }) => {
        store.bucket(TARGET).settings = {};
        return {};
      },
    },
    {
      what: 'a key of theirs that does not let it in',
      code: 'SLUICE_EXPORT_KEY_DENIED',
      spoil: ({ keys }) => {
        const root = { AWS: `arn:aws:iam::${THEIRS}:root` };
        const policy = { Statement: { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' } };
        return { kmsKeyArn: keys.create(THEIRS, '', JSON.stringify(policy)).arn };
      },
    },
  ])('fails by name on $what, and keeps the existing objects', async ({ code, spoil }) => {
    await day.run();
    const before = await world.exported();
    const { fingerprint = null } = (await day.entry()) ?? {};
    await day.erase('a.parquet', 'corrected');
    const exported = world.configured(spoil(world));
    await day.fails(code, { exported }, { fingerprint, bytes: 35 });
    expect(await world.exported()).toEqual(before);
    world.openTarget();
    await day.ends({ entry: { state: 'succeeded' } });
    await day.has('corrected', 'second');
  });

  it.each([
    {
      title: 'the manifest',
      Action: 's3:PutObject',
      name: '_manifest.json',
      code: 'SLUICE_EXPORT_ACCESS_DENIED',
      there: ['corrected', 'first', 'second'],
      named: ['first', 'second'],
    },
    {
      title: 'the deletion',
      Action: 's3:DeleteObject',
      name: 'sluice-*',
      code: 'SLUICE_EXPORT_DELETE_DENIED',
      there: ['corrected', 'first', 'second'],
      named: ['corrected', 'second'],
    },
  ])(
    'reports that only $title is denied, and releases the day',
    async ({ Action, name, code, there, named }) => {
      await day.run();
      await day.erase('a.parquet', 'corrected');
      const { bucketPolicy } = world.policies(TARGET);
      const deny = {
        Effect: 'Deny',
        Principal: '*',
        Action,
        Resource: `arn:aws:s3:::${TARGET}/events/${DAY}/${name}`,
      };
      const Statement = [...bucketPolicy.Statement, deny];
      world.store.bucket(TARGET).settings = { policy: JSON.stringify({ ...bucketPolicy, Statement }) };
      await day.fails(code);
      expect((await day.entry())?.lease).toBeUndefined();
      expect(await day.contents()).toEqual({ there, named });
      world.openTarget();
      await day.ends({ outcome: 'settled', entry: { state: 'succeeded' } });
      await day.has('corrected', 'second');
    },
  );

  it('says of a file whose answer broke off that it can be tried again, and not that it is damaged', async () => {
    const read = async () => Readable.from([Buffer.from('PAR1')]);
    await day.fails('SLUICE_EXPORT_SOURCE_UNAVAILABLE', { table: { ...world.table, read } });
  });

  it('reads no further of a file that the bucket does not take', async () => {
    const reads: Readable[] = [];
    const read: ExportWorld['table']['read'] = async (file) => {
      const bytes = await world.table.read(file);
      if (bytes !== null) reads.push(bytes);
      return bytes;
    };
    const write = () => Promise.reject(new ExportError('SLUICE_EXPORT_ACCESS_DENIED', ''));
    const target = { ...world.exporter().target, write };
    await day.fails('SLUICE_EXPORT_ACCESS_DENIED', { table: { ...world.table, read }, target });
    expect(reads).not.toEqual([]);
    expect(reads.filter(({ destroyed }) => !destroyed)).toEqual([]);
  });

  it('also records unexpected errors, without messages that could quote data', async () => {
    const target = { ...world.exporter().target, list: () => Promise.reject(new RangeError('a row')) };
    await day.fails('SLUICE_EXPORT_STOPPED', { target });
    const left = await day.entry();
    expect(left?.failure?.message).toMatch(/RangeError\.$/);
    expect(left?.lease).toBeUndefined();
    await day.ends({ outcome: 'settled', entry: { state: 'succeeded' } });
  });
});
