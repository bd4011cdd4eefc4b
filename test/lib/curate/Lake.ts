import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { s3EraseBucket } from '../../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { DAY_MS, type UtcDay } from '../../../lib/base/time.ts';
import { eraseUnits } from '../../../lib/erase/eraseUnits.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import { type EraseFaultPoint, eraseFaultPoints } from '../../../lib/erase/ObjectEraser.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { erasureId } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { readCurationState } from '../../../observe/facts/days/curationState.ts';
import { type Curations, exposures, startCurations } from './startCurations.ts';

/** The name of a file without its folder and ending. */
export function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1, -'.parquet'.length);
}

/** A bucket with versions, in which files are deleted and brought back, and units erased. */
export class Lake {
  readonly curations: Curations;
  /** Events that were accepted, by day. */
  readonly landed = new Map<UtcDay, Set<number>>();
  readonly erased = new Set<number>();
  #files = 0;

  private constructor(curations: Curations) {
    this.curations = curations;
  }

  static async start(): Promise<Lake> {
    const curations = await startCurations({
      retention: { forwardedDays: 14, dataVersionDays: 7 },
      timeWindow: { pastDays: 3, futureDays: 1 },
    });
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await curations.s3.send(
      new PutBucketVersioningCommand({ Bucket: curations.config.bucket, VersioningConfiguration }),
    );
    return new Lake(curations);
  }

  async land(day: UtcDay, from: number, to: number, name = `f${this.#files++}`): Promise<string> {
    const key = await this.curations.land(name, exposures(from, to, day), 'exposures', day);
    const events = this.landed.get(day) ?? new Set();
    for (let event = from; event < to; event += 1) events.add(event);
    this.landed.set(day, events);
    return key;
  }

  async remove(Key: string): Promise<void> {
    await this.curations.s3.send(new DeleteObjectCommand({ Bucket: this.curations.config.bucket, Key }));
  }

  /** Takes the delete markers of a day's files away. */
  async restore(day: UtcDay): Promise<void> {
    const { bucket: Bucket } = this.curations.config;
    const Prefix = dayFolder(this.curations.config, 'exposures', day);
    const { DeleteMarkers = [] } = await this.curations.s3.send(
      new ListObjectVersionsCommand({ Bucket, Prefix }),
    );
    const wanted = DeleteMarkers.filter(({ IsLatest }) => IsLatest === true);
    for (const { Key, VersionId } of wanted)
      await this.curations.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
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

  async night(): Promise<void> {
    this.curations.clock.advance(DAY_MS);
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
export const killPoints = eraseFaultPoints.filter((point) => point !== 'hidden');
