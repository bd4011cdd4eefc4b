import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { landedTable } from '../../../lib/aws/landedTable.ts';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { addDays, DAY_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { eraseUnits } from '../../../lib/erase/eraseUnits.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import { type EraseFaultPoint, eraseFaultPoints } from '../../../lib/erase/ObjectEraser.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { erasureId } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { exportDay } from '../../../lib/export/exportDay.ts';
import { type ExportTask, exportTaskSchema } from '../../../lib/export/messageBodies.ts';
import { exportLooks, planExports } from '../../../lib/export/planExports.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { readCurationState } from '../../../observe/facts/days/curatedDays.ts';
import { seededRandom } from '../../../packages/local-aws/src/base/index.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

const KEPT_DAYS = 14;
const FUTURE_DAYS = 1;
/** Some days more than are kept, so that exports of expired days are looked at. */
const EXPORT_LOOKBACK = KEPT_DAYS + 4;
/** Numbers of events that a day may have. No two days have the same. */
const EVENTS_A_DAY = 100;
const CUSTOMER = 'acme-warehouse';
const OWNER = '000000000000';
/** As the function `export` has them: its time but for the last minute and a half, and its timeout with a margin. */
const EXPORT_MS = { deadline: 780_000, lease: 960_000 };

function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`No ${what}.`);
  return value;
}

/** The name of a file without its folder and ending. */
function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1, -'.parquet'.length);
}

/** A bucket with versions, in which files are deleted and brought back, units erased, and files expire. */
class Lake {
  readonly curations: Curations;
  /** Events that were accepted, by day. */
  readonly landed = new Map<UtcDay, Set<number>>();
  readonly erased = new Set<number>();
  /** When each raw file came, by key. */
  readonly cameAt = new Map<string, number>();
  /** Events that the customer has read, by export and day. */
  readonly exported = new Map<string, ReadonlySet<number>>();
  #files = 0;

  private constructor(curations: Curations) {
    this.curations = curations;
  }

  static async start(): Promise<Lake> {
    const curations = await startCurations({
      retention: { forwardedDays: KEPT_DAYS, dataVersionDays: 7 },
      timeWindow: { pastDays: 3, futureDays: FUTURE_DAYS },
      exports: ['statsig_forwarded_exposures', 'curated_exposures'].map((table) => ({
        name: table.replace(/_.*/, ''),
        table,
        lookbackDays: EXPORT_LOOKBACK,
        target: { bucket: CUSTOMER, owner: OWNER },
      })),
    });
    await curations.s3.send(new CreateBucketCommand({ Bucket: CUSTOMER }));
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await curations.s3.send(
      new PutBucketVersioningCommand({ Bucket: curations.config.bucket, VersioningConfiguration }),
    );
    return new Lake(curations);
  }

  get today(): UtcDay {
    return utcDay(this.curations.clock.now());
  }

  isExpired(day: UtcDay): boolean {
    return this.today >= addDays(day, KEPT_DAYS - FUTURE_DAYS);
  }

  async land(day: UtcDay, from: number, to: number, name = `f${this.#files++}`): Promise<string> {
    const key = await this.curations.land(name, exposures(from, to, day), 'exposures', day);
    if (!this.landed.has(day)) await this.#register(day);
    const events = this.landed.get(day) ?? new Set();
    for (let event = from; event < to; event += 1) events.add(event);
    this.landed.set(day, events);
    this.cameAt.set(key, this.curations.clock.now());
    return key;
  }

  /** Gives a raw day its partition, as the registrar does. */
  async #register(day: UtcDay): Promise<void> {
    const { glue, config } = this.curations;
    const Location = `s3://${config.bucket}/${dayFolder(config, 'exposures', day)}`;
    const partition = { values: [day], storage: { Location } };
    await gluePartitionCatalog(glue).batchCreate(config.database, config.tables.exposures, [partition]);
  }

  async remove(Key: string): Promise<void> {
    await this.curations.s3.send(new DeleteObjectCommand({ Bucket: this.curations.config.bucket, Key }));
  }

  /** Takes the delete markers of a day's files away, of some or of all. @returns How many. */
  async restore(day: UtcDay, isWanted: () => boolean): Promise<number> {
    const { bucket: Bucket } = this.curations.config;
    const Prefix = dayFolder(this.curations.config, 'exposures', day);
    const { DeleteMarkers = [] } = await this.curations.s3.send(
      new ListObjectVersionsCommand({ Bucket, Prefix }),
    );
    const wanted = DeleteMarkers.filter(({ IsLatest }) => IsLatest === true && isWanted());
    for (const { Key, VersionId } of wanted)
      await this.curations.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    return wanted.length;
  }

  rawKeys(day?: UtcDay): Promise<string[]> {
    const folder = dayFolder(this.curations.config, 'exposures', day ?? DAY);
    return this.curations.keys(day === undefined ? folder.slice(0, -DAY.length - 1) : folder);
  }

  /** Deletes what the lifecycle rule of the bucket does. */
  async expire(): Promise<void> {
    for (const key of await this.rawKeys()) {
      const due = required(this.cameAt.get(key), key) + KEPT_DAYS * DAY_MS;
      if (this.today > utcDay(due)) await this.remove(key);
    }
  }

  /** Erases a user; killed at a step if one is given. @returns Whether the run ended. */
  async erase(event: number, killAt?: EraseFaultPoint): Promise<boolean> {
    const { s3, config, listed, ledger, clock } = this.curations;
    const units = [{ type: 'userID', column: 'user_id', value: `u${event}` }];
    const directory = mkdtempSync(join(tmpdir(), 'sluice-erase-test-'));
    const matcher = new UnitMatcher(units);
    const limits = { memoryMegabytes: 128, temporaryDirectory: directory };
    const parquet = await ParquetEraser.open(limits, directory, matcher);
    const { wait, random, raw } = this.curations.makePlanner();
    try {
      await eraseUnits({
        config,
        listed,
        ledger,
        raw,
        matcher,
        parquet,
        directory,
        wait,
        random,
        id: erasureId(config.bucket, units),
        units: 1,
        owner: randomUUID(),
        dryRun: false,
        bucket: s3EraseBucket(s3, config.bucket, { wait, random }),
        signal: undefined,
        manifests: erasures(s3ObjectStore(s3, config.bucket)),
        askForDays: async ({ exposures: days }) => {
          if (days.length > 0)
            await this.curations.plan({
              sluice: 'curate',
              kinds: ['exposures'],
              days: [...days],
              asked: 'run',
            });
        },
        laterMs: 0,
        onTheWay: async () => [],
        now: () => clock.now(),
        faultPoint: (point) => {
          if (point === killAt) throw new Killed();
        },
      });
      this.erased.add(event);
      return true;
    } catch (error) {
      if (error instanceof Killed) return false;
      throw error;
    } finally {
      parquet.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /**
   * Exports what is new or changed.
   *
   * @returns Of each exported day the events that the customer reads no more, and the keys whose copies were kept.
   */
  async export() {
    const { s3, glue, config, clock, ledger } = this.curations;
    const { wait, random } = this.curations.makePlanner();
    const attempts = { clock, wait, random, deadline: Number.POSITIVE_INFINITY };
    const tableOf = (table: string) => {
      const rawDays = table === config.tables.exposures ? KEPT_DAYS - FUTURE_DAYS : undefined;
      return landedTable({ glue, s3 }, { ...config, table, rawDays }, attempts);
    };
    const tasks: ExportTask[] = [];
    const send = async (bodies: readonly string[]) =>
      void tasks.push(...bodies.map((body) => exportTaskSchema.parse(JSON.parse(body))));
    const looks = exportLooks(s3ObjectStore(s3, config.bucket));
    const ports = { exports: config.exports, ledger, looks, clock, tableOf, tasks: { send } };
    expect((await planExports(ports, { sluice: 'export' })).failed).toEqual([]);
    const done: { table: string; day: UtcDay; gone: readonly number[]; kept: readonly string[] }[] = [];
    for (const task of tasks) {
      const { day } = task;
      const exported = config.exports.find(({ name }) => name === task.export);
      if (exported === undefined) throw new Error('no export');
      const { name, table, target } = exported;
      const exporter = {
        ledger,
        clock,
        table: tableOf(table),
        target: exportBucketFrom(s3, target, attempts),
        owner: randomUUID(),
        deadline: clock.now() + EXPORT_MS.deadline,
        leaseUntil: clock.now() + EXPORT_MS.lease,
        log: () => undefined,
      };
      expect(await exportDay(exporter, exported, task)).toMatchObject({ outcome: 'settled' });
      const events = new Set(await this.eventsOf(`${name}/${day}/`, CUSTOMER));
      const before = [...(this.exported.get(`${name} ${day}`) ?? [])];
      this.exported.set(`${name} ${day}`, events);
      const { files, failure } = required(
        (await ledger.read(exportSubject(exported, day))) ?? undefined,
        day,
      );
      expect(failure).toBeUndefined();
      done.push({
        table,
        day,
        gone: before.filter((event) => !events.has(event)),
        kept: files.flatMap(({ key, fate }) => (fate === 'kept' ? [key] : [])),
      });
    }
    return done;
  }

  async night(): Promise<void> {
    this.curations.clock.advance(DAY_MS);
    await this.expire();
    await this.curations.night();
  }

  /** Days with a finding: a version keeps rows that raw files have no more. */
  async found(): Promise<readonly UtcDay[]> {
    const { s3, glue, config, clock } = this.curations;
    const { wait, random } = this.curations.makePlanner();
    const states = await readCurationState({ s3, glue, config, clock, wait, random, now: clock.now() });
    return states.flatMap(({ kept }) => kept.map(({ day }) => day));
  }

  async eventsOf(prefix: string, bucket?: string): Promise<readonly number[]> {
    const rows = await this.curations.rowsUnder(prefix, bucket);
    return rows.map((row) => Number(String(row['event_id']).slice(1)));
  }

  async seen(day: UtcDay): Promise<ReadonlySet<number>> {
    return new Set((await this.curations.read(day)).map((id) => Number(id.slice(1))));
  }

  /** Events of a day that were accepted and not erased, and that views do not show. */
  async missing(day: UtcDay): Promise<readonly number[]> {
    const seen = await this.seen(day);
    return [...(this.landed.get(day) ?? [])].filter((event) => !this.erased.has(event) && !seen.has(event));
  }

  /** Users that were erased, and have rows in any file of any table. */
  async remains(): Promise<readonly string[]> {
    const rows = await this.curations.rowsUnder(`${this.curations.config.statsigFolder}/`);
    const users = new Set([...this.erased].map((event) => `u${event}`));
    return rows.flatMap((row) => (users.has(String(row['user_id'])) ? [String(row['user_id'])] : []));
  }
}

class Killed extends Error {}

/** Where an erasure of a curated day can be killed: a Parquet file is replaced, and only what is no table's is hidden. */
const killPoints = eraseFaultPoints.filter((point) => point !== 'hidden');

describe('an erasure of a curated day', () => {
  let lake: Lake;
  afterEach(() => lake.curations.close());
  const start = async () => {
    lake = await Lake.start();
    const files = [await lake.land(DAY, 0, 20), await lake.land(DAY, 15, 30)] as const;
    await lake.curations.night();
    return files;
  };
  const kept = async () => (await lake.curations.entry())?.curated?.kept;

  it('is why rows are gone, and no finding', async () => {
    await start();
    await lake.erase(17);
    expect((await lake.curations.entry())?.erasures).toMatchObject([{ endedAt: expect.any(Number) }]);
    lake.curations.clock.advance(60_000);
    await lake.curations.work();
    expect(await lake.missing(DAY)).toEqual([]);
    expect(await lake.remains()).toEqual([]);
    expect(await kept()).toBeUndefined();
    await lake.night();
    expect((await lake.curations.entry())?.erasures).toBeUndefined();
  });

  it.each(killPoints)(
    'between a deletion and the next night takes its rows alone, killed at %s too',
    async (point) => {
      const [, lost] = await start();
      await lake.remove(lost);
      expect(await lake.erase(25, point)).toBe(false);
      expect((await lake.missing(DAY)).filter((event) => event !== 25)).toEqual([]);
      expect(await lake.curations.listedDays()).toEqual([DAY]);
      await lake.erase(25);
      expect(await lake.missing(DAY)).toEqual([]);
      lake.curations.clock.advance(60_000);
      await lake.curations.work();
      await lake.night();
      expect(await lake.missing(DAY)).toEqual([]);
      expect(await lake.remains()).toEqual([]);
      // The lost file alone had 20 to 29.
      expect(await kept()).toMatchObject({ rows: 9 });
      // Versions of what was deleted have gone, so that nothing comes back.
      await lake.restore(DAY, () => true);
      await lake.night();
      expect(await lake.missing(DAY)).toEqual([]);
      expect(await lake.remains()).toEqual([]);
    },
  );

  it.each([...killPoints, undefined])(
    'explains no file that is replaced after it by an empty one, killed at %s and gone on with',
    async (point) => {
      const [first] = await start();
      lake.curations.clock.advance(60_000);
      expect(await lake.erase(5, point)).toBe(point === undefined);
      await lake.curations.land(nameOf(first), exposures(0, 0));
      await lake.erase(5);
      lake.curations.clock.advance(60_000);
      await lake.curations.work();
      expect(await lake.missing(DAY)).toEqual([]);
      await lake.night();
      await lake.night();
      expect(await lake.missing(DAY)).toEqual([]);
      expect(await lake.remains()).toEqual([]);
      // The replaced file alone had 0 to 14.
      expect(await kept()).toMatchObject({ rows: 14 });
      expect(await lake.found()).toEqual([DAY]);
    },
  );

  it.each(killPoints)('that is stopped at %s is no finding in the nights after it', async (point) => {
    await start();
    expect(await lake.erase(5, point)).toBe(false);
    await lake.night();
    await lake.night();
    expect((await lake.missing(DAY)).filter((event) => event !== 5)).toEqual([]);
    expect(await lake.found()).toEqual([]);
    await lake.erase(5);
    await lake.night();
    expect(await lake.missing(DAY)).toEqual([]);
    expect(await lake.remains()).toEqual([]);
    expect(await kept()).toBeUndefined();
  });

  it('takes rows out of a file that was replaced before by a smaller one, and no others', async () => {
    const [, replaced] = await start();
    await lake.curations.land(nameOf(replaced), exposures(15, 18));
    await lake.erase(16);
    await lake.erase(28);
    await lake.night();
    expect(await lake.missing(DAY)).toEqual([]);
    expect(await lake.remains()).toEqual([]);
  });
});

/** What is drawn: the steps of the nights, and what each of them takes. */
const SEED = 1;
/** Most events of the files of a day. */
const HALF_DAY = EVENTS_A_DAY / 2;
type Keys = readonly [string, ...string[]];

/** What happens to a lake between nights, drawn by the seed, and what has to hold. */
class Month {
  readonly lake: Lake;
  readonly #random = seededRandom(SEED);
  /** Days of which a file that a version is made of was changed. */
  readonly #spoiled = new Set<UtcDay>();
  /** Days with a finding. */
  readonly found = new Set<UtcDay>();
  /** Events whose erasure was killed, and has not ended. */
  readonly unfinished: number[] = [];
  readonly keptCopies = new Set<string>();
  readonly #firstEvents = new Map<UtcDay, number>();
  #lastNight = 0;
  /** Events that the last night has seen. */
  #known: ReadonlySet<number> = new Set();

  /** What may happen. Each step says whether there was something to do. */
  readonly steps: Readonly<Record<string, () => Promise<boolean>>> = {
    'land a file of today': () => this.#land(this.lake.today),
    'land a late file': () => this.#land(addDays(this.lake.today, -1 - this.#below(3))),
    'delete a file': () => this.#spoil((keys) => this.lake.remove(this.#pick(keys) ?? keys[0])),
    'delete all files of a day': () =>
      this.#spoil((keys) => Promise.all(keys.map((key) => this.lake.remove(key)))),
    'replace a file by an empty one': () =>
      this.#spoil((keys, day) =>
        this.lake.curations.land(nameOf(this.#pick(keys) ?? keys[0]), exposures(0, 0, day), 'exposures', day),
      ),
    'bring files back': () => this.#restore(),
    'write the rows of a new file under another name': () => this.#rename(),
    'erase a user, or be killed': () => this.#erase(),
    'go on with an erasure': async () => {
      const event = this.unfinished.shift();
      return event !== undefined && (await this.lake.erase(event));
    },
    'look at curated days': async () => {
      await this.lake.curations.plan({ sluice: 'curate-check' });
      return true;
    },
    'sweep versions': async () => {
      await this.lake.curations.sweep();
      return true;
    },
    export: () => this.exportAll(),
  };

  constructor(lake: Lake) {
    this.lake = lake;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#below(items.length)];
  }

  async #land(day: UtcDay): Promise<boolean> {
    const base = this.#firstEvents.get(day) ?? EVENTS_A_DAY * this.#firstEvents.size;
    this.#firstEvents.set(day, base);
    const first = base + this.#below(HALF_DAY);
    const end = first + 1 + this.#below(HALF_DAY);
    // Nobody sends events of a unit that is erased.
    const gone = [...this.lake.erased, ...this.unfinished];
    const isSent = gone.every((event) => event < first || event >= end);
    if (isSent) await this.lake.land(day, first, end);
    return isSent;
  }

  async #curated(): Promise<readonly UtcDay[]> {
    return (await this.lake.curations.listedDays()).filter((day) => !this.lake.isExpired(day));
  }

  #isNew(key: string): boolean {
    return required(this.lake.cameAt.get(key), key) > this.#lastNight;
  }

  /** Changes some files that a version is made of. */
  async #spoil(change: (keys: Keys, day: UtcDay) => Promise<unknown>): Promise<boolean> {
    const day = this.#pick(await this.#curated());
    if (day === undefined) return false;
    const [first, ...others] = (await this.lake.rawKeys(day)).filter((key) => !this.#isNew(key));
    if (first === undefined) return false;
    this.#spoiled.add(day);
    await change([first, ...others], day);
    return true;
  }

  async #restore(): Promise<boolean> {
    const day = this.#pick([...this.#spoiled].filter((spoiled) => !this.lake.isExpired(spoiled)));
    return day !== undefined && (await this.lake.restore(day, () => this.#random() < 0.6)) > 0;
  }

  async #rename(): Promise<boolean> {
    const key = this.#pick((await this.lake.rawKeys()).filter((raw) => this.#isNew(raw)));
    const [, day] = key === undefined ? [] : (/([^/]+)\/[^/]+$/.exec(key) ?? []);
    if (key === undefined || day === undefined) return false;
    const events = await this.lake.eventsOf(key);
    const first = Math.min(...events);
    const last = Math.max(...events);
    if (events.length === 0 || last - first >= events.length) return false;
    await this.lake.remove(key);
    await this.lake.land(day, first, last + 1);
    return true;
  }

  async #erase(): Promise<boolean> {
    const event = this.#pick([...required(this.#pick([...this.lake.landed.values()]), 'day')]);
    if (event === undefined || this.#random() < 0.5) return false;
    const killAt = this.#random() < 0.5 ? this.#pick(killPoints) : undefined;
    if (!(await this.lake.erase(event, killAt))) this.unfinished.push(event);
    return true;
  }

  async exportAll(): Promise<boolean> {
    const exported = await this.lake.export();
    for (const { table, day, gone, kept } of exported) {
      for (const key of kept) this.keptCopies.add(key);
      if (this.lake.isExpired(day)) continue;
      const isKnown = (event: number) => this.lake.erased.has(event) || this.unfinished.includes(event);
      expect([table, day, gone.filter((event) => !isKnown(event))]).toEqual([table, day, []]);
      if (!this.#spoiled.has(day)) expect([table, day, kept]).toEqual([table, day, []]);
    }
    return exported.length > 0;
  }

  async #missing(day: UtcDay): Promise<readonly number[]> {
    return (await this.lake.missing(day)).filter((event) => !this.unfinished.includes(event));
  }

  /** Draws a step and takes it. @returns Its name if there was something to do. */
  async step(night: number): Promise<string | null> {
    const [step, run] = required(this.#pick(Object.entries(this.steps)), 'step');
    const isDone = await run();
    // What came since the last night may wait for the next.
    for (const day of await this.#curated()) {
      const lost = (await this.#missing(day)).filter((event) => this.#known.has(event));
      expect({ night, step, day, lost }).toEqual({ night, step, day, lost: [] });
    }
    this.lake.curations.clock.advance(60_000);
    return isDone ? step : null;
  }

  async night(night: number): Promise<void> {
    await this.lake.night();
    this.#lastNight = this.lake.curations.clock.now();
    this.#known = new Set([...this.lake.landed.values()].flatMap((events) => [...events]));
    for (const day of this.lake.landed.keys())
      if (day < addDays(this.lake.today, -2) && !this.lake.isExpired(day))
        expect([night, day, await this.#missing(day)]).toEqual([night, day, []]);
    for (const day of await this.lake.found()) this.found.add(day);
    expect([...this.found].filter((day) => !this.#spoiled.has(day))).toEqual([]);
  }
}

/** Nights between which files are deleted, replaced and brought back, rewritten by the writer, erased, late, and expired. */
describe('thirty days', () => {
  let lake: Lake;
  afterEach(() => lake.curations.close());

  it("lose no row of a curated day or a customer's bucket but for a known reason", async () => {
    lake = await Lake.start();
    const month = new Month(lake);
    const done = new Set<string>();
    for (let night = 0; night < 30; night += 1) {
      await month.steps['land a file of today']?.();
      for (let count = 0; count < 5; count += 1) {
        const step = await month.step(night);
        if (step !== null) done.add(step);
      }
      await month.night(night);
      await month.exportAll();
    }
    expect([...done].sort()).toEqual(Object.keys(month.steps).sort());
    for (const event of month.unfinished) await lake.erase(event);
    await lake.curations.work();
    expect(await lake.remains()).toEqual([]);
    // Nothing of this month is shown by a day that has been over for longer than exports look back.
    const expired = [...lake.landed.keys()].filter((day) => lake.today > addDays(day, EXPORT_LOOKBACK + 1));
    for (const day of expired) expect([day, [...(await lake.seen(day))]]).toEqual([day, []]);
    const { found, keptCopies } = month;
    const counts = { found, keptCopies, erased: lake.erased, expired: new Set(expired) };
    for (const [what, { size }] of Object.entries(counts))
      expect({ what, isSome: size > 0 }).toEqual({ what, isSome: true });
  }, 900_000);
});
