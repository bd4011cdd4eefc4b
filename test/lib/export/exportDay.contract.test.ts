import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PART_BYTES } from '../../../lib/aws/multipartUpload.ts';
import { exportDay, exportFaultPoints } from '../../../lib/export/exportDay.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { DAY, type ExportWorld, OURS, startExport, TARGET, THEIRS } from './startExport.ts';

const HOUR = 3_600_000;
const task = { day: DAY, fingerprint: 'as planned' };

describe('the export of a day', () => {
  let world: ExportWorld;
  beforeEach(async () => {
    world = await startExport();
    await world.register(DAY);
    await world.put('a.parquet', 'first');
    await world.put('b.parquet', 'second');
  });
  afterEach(() => world.close());

  const run = (more: Parameters<ExportWorld['exporter']>[0] = {}) =>
    exportDay(world.exporter(more), more?.exported ?? world.configured(), task);
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
  /** Replaces a file as an erasure does. @returns What notes it in the ledger then. */
  const replace = async (name: string, body: string, ended?: { readonly endedAt: number }) => {
    const eTag = async () =>
      (await world.table.files(`events/${DAY}/`)).find(({ key }) => key.endsWith(`/${name}`))?.eTag ?? '';
    const from = await eTag();
    await world.put(name, body);
    const to = await eTag();
    const note = { id: 'e1', at: world.clock.now(), ...ended };
    return () =>
      world.ledger.change(exportSubject(world.configured(), DAY), (known) => ({
        entry: noteErasure(known, note, [{ name, from, to }]),
      }));
  };
  const erase = async (...file: Parameters<typeof replace>) => (await replace(...file))();

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
    world.store.delete(TARGET, `events/${DAY}/${file?.name}`);
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

  it.each([
    ['all', ['a.parquet', 'b.parquet'], ['kept', 'kept']],
    ['some', ['b.parquet'], ['loaded', 'kept']],
  ] as const)(
    'takes nothing away when %s of its files are gone, until they are back or the copies are dropped',
    async (_, gone, fates) => {
      for (const table of [world.table, world.tableWith(null), world.tableWith(400)]) {
        for (const [name, body] of [
          ['a.parquet', 'first'],
          ['b.parquet', 'second'],
        ] as const)
          await world.put(name, body);
        world.clock.advance(HOUR);
        await run({ table });
        for (const name of gone) world.remove(name);
        for (let times = 0; times < 2; times += 1) {
          expect(await run({ table })).toMatchObject({ copied: 0, removed: 0 });
          expect(await contents()).toEqual(both('first', 'second'));
          expect(await entry()).toMatchObject({
            state: 'succeeded',
            files: fates.map((fate) => ({ fate })),
            bytes: 11,
          });
        }
      }
      for (const name of gone) await world.put(name, name === 'a.parquet' ? 'first' : 'second');
      expect(await run()).toMatchObject({ removed: 0 });
      expect(await entry()).toMatchObject({ files: [{ fate: 'loaded' }, { fate: 'loaded' }] });
      for (const name of gone) world.remove(name);
      await run();
      expect(await drop()).toMatchObject({ removed: gone.length });
      expect((await contents()).there).toHaveLength(2 - gone.length);
    },
  );

  it.each([undefined, null])(
    'keeps the copy of a file in whose place there is another, of a table with retention %s',
    async (days) => {
      const table = world.tableWith(days);
      world.clock.advance(HOUR);
      await run({ table });
      await world.put('a.parquet', '');
      await world.put('b.parquet', 'half');
      for (const copied of [1, 0]) {
        expect(await run({ table })).toMatchObject({ copied, removed: 0 });
        expect(await contents()).toEqual(both('first', 'half', 'second'));
      }
      await world.put('a.parquet', 'first');
      await run({ table });
      const fates = async () => (await entry())?.files.map(({ key, fate }) => `${key.at(-9)} ${fate}`).sort();
      expect(await fates()).toEqual(['a loaded', 'b kept', 'b loaded']);
      // It is copied back beside the file that replaced it: the copy goes once the other is there.
      await world.put('restored-b.parquet', 'second');
      await run({ table });
      expect((await contents()).there).toContain('second');
      world.clock.advance(HOUR);
      await run({ table });
      expect(await fates()).toEqual(['a loaded', 'b loaded', 'b loaded']);
      expect(await contents()).toEqual(both('first', 'half', 'second'));
    },
  );

  it('knows what an erasure has replaced, also after an export that failed, and no other file in its place', async () => {
    await run();
    await erase('a.parquet', 'erased', { endedAt: world.clock.now() });
    world.clock.advance(1);
    world.store.bucket(TARGET).settings = {};
    expect(await run()).toMatchObject({ entry: { state: 'failed' } });
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
    const note = await replace('a.parquet', 'erased');
    const faultPoint = async (point: string) => void (point === 'copied' && (await note()));
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
    world.clock.advance(HOUR);
    expect(await run({ table })).toMatchObject({ copied: 2 });
    await erase('a.parquet', 'erased');
    await world.put('c.parquet', 'third');
    expect(await run({ table })).toMatchObject({ copied: 1, removed: 1 });
    expect(await contents()).toEqual(both('erased', 'second'));
    world.clock.advance(HOUR / 2);
    await run({ table });
    expect(await contents()).toEqual(both('erased', 'second', 'third'));
  });

  it('sends large files in parts, byte for byte, and aborts uploads that a killed run left', async () => {
    const left = world.store.bucket(TARGET).uploads;
    const attributes = { headers: {}, metadata: {}, encryption: {} };
    const ours = `sluice-${'0'.repeat(32)}.parquet`;
    const theirs = [`elsewhere/${ours}`, `events/${DAY}/sluice-x`, `events/${DAY}/theirs.parquet`];
    for (const key of [...theirs, `events/${DAY}/${ours}`]) left.begin({ key, attributes });
    const bodies = [PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES].map((size) =>
      randomBytes(size),
    );
    for (const [i, body] of bodies.entries()) await world.put(`large-${i}.parquet`, body);
    // Statsig's document lets nobody list uploads: what it allows beside objects never takes effect.
    const { bucketPolicy } = world.policies(TARGET);
    const asInDocument = {
      ...bucketPolicy,
      Statement: bucketPolicy.Statement.map((statement) => ({
        ...statement,
        Action: statement.Action.filter((action) => action !== 's3:ListBucketMultipartUploads'),
      })),
    };
    world.store.bucket(TARGET).settings = { policy: JSON.stringify(asInDocument) };
    expect(await run()).toMatchObject({ outcome: 'settled', copied: 6 });
    expect(left.list()).toHaveLength(4);
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
    const faultPoint = async (point: string) => {
      if (point !== 'listed' || replaced) return;
      replaced = true;
      await world.put('a.parquet', 'replaced');
      world.remove('b.parquet');
    };
    await run({ faultPoint });
    expect(await contents()).toEqual(both('replaced'));
  });

  it('fails by name when files never stop changing', async () => {
    let n = 0;
    const done = await run({
      faultPoint: async (point) => void (point === 'listed' && (await world.put('a.parquet', `${n++}`))),
    });
    expect(done).toMatchObject({ entry: { failure: { code: 'SLUICE_EXPORT_FILES_CHANGING' } } });
  });

  it('is done by one of two concurrent runs', async () => {
    const outcomes = (await Promise.all([run(), run()])).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['busy', 'settled']);
    expect(await contents()).toEqual(both('first', 'second'));
  });

  it.each(['copied', 'renewed', 'swept'] as const)(
    'is lost to another run that takes the day at %s, and changes nothing more',
    async (point) => {
      await run();
      await world.put('b.parquet', 'corrected');
      const takeOver = () => {
        world.clock.advance(HOUR);
        const until = world.clock.now() + HOUR;
        return world.ledger.claim(exportSubject(world.configured(), DAY), 'another', until, 'f');
      };
      const before = world.manifest(await world.exported());
      const outcome = await run({ faultPoint: async (now) => void (now === point && (await takeOver())) });
      expect(outcome).toEqual({ outcome: 'lost' });
      expect(await entry()).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
      if (point !== 'copied') return;
      expect(world.manifest(await world.exported())).toEqual(before);
      expect((await contents()).there).toEqual(['corrected', 'first', 'second']);
    },
  );

  it('continues where it ran out of time', async () => {
    let now = world.clock.now();
    const slow = { now: () => now };
    const faultPoint = (point: string) => {
      if (point === 'copiedOne') now += 3_600_000;
    };
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
      const killed = Promise.withResolvers<'killed'>();
      const faultPoint = (step: string) => {
        if (step !== point) return;
        killed.resolve('killed');
        return new Promise<void>(() => {});
      };
      expect(await Promise.race([run({ faultPoint }), killed.promise])).toBe('killed');
      if (point !== 'settled') expect(await run()).toMatchObject({ outcome: 'busy' });
      world.clock.advance(3_600_000);
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
    ['another owner', 'SLUICE_EXPORT_ACCESS_DENIED', () => ({ owner: OURS })],
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
    ['the manifest', 's3:PutObject', '_manifest.json', ['corrected', 'first', 'second'], ['first', 'second']],
    [
      'the deletion',
      's3:DeleteObject',
      'sluice-*',
      ['corrected', 'first', 'second'],
      ['corrected', 'second'],
    ],
  ])('reports that only %s is denied, and releases the day', async (_, Action, name, there, named) => {
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

  const HEADER = 'x-amz-server-side-encryption';
  /** The encryption of each object of the day. */
  const encryption = () =>
    world.store
      .list(TARGET, { prefix: `events/${DAY}/`, limit: 10 })
      .entries.map((listed) => ('object' in listed ? listed.object.attributes.encryption : {}));
  /**
   * Lets the bucket demand an encryption header, as
   * https://github.com/terraform-aws-modules/terraform-aws-s3-bucket/blob/master/main.tf does.
   */
  const demand = (algorithm: string, keyArn?: string) => {
    const { bucketPolicy } = world.policies(TARGET);
    const deny = (Condition: object) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${TARGET}/*`,
      Condition,
    });
    const Statement = [
      ...bucketPolicy.Statement,
      deny({ Null: { [`s3:${HEADER}`]: true } }),
      deny({ StringNotEquals: { [`s3:${HEADER}`]: algorithm } }),
      ...(keyArn === undefined
        ? []
        : [deny({ StringNotEquals: { [`s3:${HEADER}-aws-kms-key-id`]: keyArn } })]),
    ];
    world.store.bucket(TARGET).settings = { policy: JSON.stringify({ ...bucketPolicy, Statement }) };
  };

  it('states the encryption that the bucket’s policy demands, of files, parts and the manifest', async () => {
    await world.put('large.parquet', randomBytes(PART_BYTES + 5));
    demand('AES256');
    expect(await run()).toMatchObject({ entry: { failure: { code: 'SLUICE_EXPORT_ACCESS_DENIED' } } });
    const without = world.configured({ encryption: 'aws:kms' });
    demand('aws:kms');
    // Nobody of another account may use S3's own key.
    expect(await run({ exported: without })).toMatchObject({
      entry: { failure: { code: 'SLUICE_EXPORT_KEY_DENIED' } },
    });
    demand('AES256');
    expect(await run({ exported: world.configured({ encryption: 'AES256' }) })).toMatchObject({
      entry: { state: 'succeeded' },
    });
    expect(encryption()).toEqual(Array(4).fill({ [HEADER]: 'AES256' }));
  });

  it('encrypts with the configured key if both sides allow it', async () => {
    const { keyPolicy, callerPolicy } = world.policies(TARGET, 'arn:aws:kms:us-east-1:0:key/x');
    const policy = { ...keyPolicy };
    const { arn } = world.keys.create(THEIRS, 'of the warehouse', JSON.stringify(policy));
    const policies = [JSON.parse(JSON.stringify(callerPolicy).replace('arn:aws:kms:us-east-1:0:key/x', arn))];
    world.roles.deploy([
      { arn: `arn:aws:iam::${OURS}:role/export`, account: OURS, trust: undefined, policies },
    ]);
    await world.put('large.parquet', randomBytes(PART_BYTES + 5));
    demand('aws:kms', arn);
    const exported = world.configured({ encryption: 'aws:kms', kmsKeyArn: arn });
    expect(await run({ exported })).toMatchObject({ entry: { state: 'succeeded' } });
    expect(encryption()).toHaveLength(4);
    for (const headers of encryption()) expect(headers).toMatchObject({ [`${HEADER}-aws-kms-key-id`]: arn });
  });
});
