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
import { expect } from '@jest/globals';
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
import { erasureId } from '../../../lib/erase/units/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import { exportDay } from '../../../lib/export/exportDay.ts';
import { tableFiles } from '../../../lib/export/LandedTable.ts';
import { type ExportTask, exportTaskSchema } from '../../../lib/export/messageBodies.ts';
import { exportLooks, planExports } from '../../../lib/export/planExports.ts';
import { listedEntries } from '../../../lib/ledger/ledgerStore.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { readCurationState } from '../../../observe/facts/days/curationState.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

/** How long raw files are kept, and how many days before their day the first of them may come. */
const KEPT_DAYS = 14;
const FUTURE_DAYS = 1;

/** Some days more than are kept, so that exports of expired days are looked at. */
export const EXPORT_LOOKBACK = KEPT_DAYS + 4;

/** The bucket of the customer to whom days are exported, and its account. */
const CUSTOMER = 'acme-warehouse';
const OWNER = '000000000000';

/** As the function `export` has them: its time but for the last minute and a half, and its timeout with a margin. */
const EXPORT_MS = { deadline: 780_000, lease: 960_000 };

/** A value that has to be there. @param what What it is, for the error. @throws Error without a value. */
export function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`No ${what}.`);
  return value;
}

/** The name of a file without its folder and ending. */
export function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1, -'.parquet'.length);
}

/** What became of the export of a day. */
interface DayExported {
  /** The table that is exported. */
  readonly table: string;
  readonly day: UtcDay;
  /** Events that the customer reads no more. */
  readonly gone: readonly number[];
  /** Keys of files whose copies were kept. */
  readonly kept: readonly string[];
}

/** A bucket with versions, in which files are deleted and brought back, units erased, and files expire. */
export class Lake {
  readonly curations: Curations;
  /** Events that were accepted, by day. */
  readonly landed = new Map<UtcDay, Set<number>>();
  /** Events whose user was erased. */
  readonly erased = new Set<number>();
  /** When each raw file came, by key. */
  readonly cameAt = new Map<string, number>();
  /** Events that the customer has read, by export and day. */
  readonly exported = new Map<string, ReadonlySet<number>>();
  /** How many files were named. */
  #files = 0;

  private constructor(curations: Curations) {
    this.curations = curations;
  }

  /** Starts a lake that curates and exports exposures, before anything has landed. Close its `curations`. */
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

  /** The day of its clock. */
  get today(): UtcDay {
    return utcDay(this.curations.clock.now());
  }

  /** Whether files of a day may have expired. */
  isExpired(day: UtcDay): boolean {
    return this.today >= addDays(day, KEPT_DAYS - FUTURE_DAYS);
  }

  /**
   * Puts a raw file of a day with an event of each number, from the first to before the last.
   *
   * @param name The file's name without its ending. Default: one that no other has.
   * @returns Its key.
   */
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

  /** Deletes an object; its versions stay. */
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

  /** Keys of the raw files of a day. @param day Default: of every day. */
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
        parquets: [],
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

  /** Exports what is new or changed. @returns What became of each day that was exported. */
  async export(): Promise<readonly DayExported[]> {
    const { s3, glue, config, clock, ledger } = this.curations;
    const { wait, random } = this.curations.makePlanner();
    const attempts = { clock, wait, random, deadline: Number.POSITIVE_INFINITY };
    const tableOf = (table: string) => {
      const place = { ...config, table, tableFiles: tableFiles(config, table) };
      return landedTable({ glue, s3 }, place, attempts);
    };
    const tasks: ExportTask[] = [];
    const send = async (bodies: readonly string[]) =>
      void tasks.push(...bodies.map((body) => exportTaskSchema.parse(JSON.parse(body))));
    const store = s3ObjectStore(s3, config.bucket);
    const ports = {
      exports: config.exports,
      ledger,
      looks: exportLooks(store),
      entriesOf: listedEntries(store),
      clock,
      tableOf,
      targetOf: ({ target }: Export) => exportBucketFrom(s3, target, attempts),
      tasks: { send },
    };
    expect((await planExports(ports, { sluice: 'export' })).failed).toEqual([]);
    const done: DayExported[] = [];
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

  /** Passes a day: files expire, and the nightly run curates. */
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

  /** Numbers of the events in the files below a prefix. @param bucket Default: the lake's. */
  async eventsOf(prefix: string, bucket?: string): Promise<readonly number[]> {
    const rows = await this.curations.rowsUnder(prefix, bucket);
    return rows.map((row) => Number(String(row['event_id']).slice(1)));
  }

  /** Numbers of the events of a day that views show. */
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

/** What an erasure that is killed throws. */
class Killed extends Error {}

/** Where an erasure of a curated day can be killed: a Parquet file is replaced, and only what is no table's is hidden. */
export const killPoints = eraseFaultPoints.filter((point) => point !== 'hidden');
