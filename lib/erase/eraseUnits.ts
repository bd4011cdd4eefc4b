import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '../base/concurrency.ts';
import { ownMember } from '../base/json.ts';
import { DAY_MS, type UtcDay, utcDay } from '../base/time.ts';
import { type DayKeeper, takeOutDay } from '../curate/ListedDays.ts';
import { namedFiles } from '../ledger/erasureNotes.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import type { Config } from '../schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { DAMAGED_DAYS, DAMAGED_FOLDER } from '../tables/objectKeys.ts';
import { changedDay, isLoading, noteInLedger } from './changedDays.ts';
import type { ObjectVersions } from './EraseBucket.ts';
import { EraseError } from './EraseError.ts';
import { type EraseStore, erasePlaces, type ObjectForm, objectForm, placeFolders } from './erasePlaces.ts';
import {
  type EraseRun,
  type Manifest,
  type ManifestStore,
  MOST_LEFT,
  MOST_RUNS,
  type PlaceCounts,
} from './Manifest.ts';
import {
  type ExpiringVersion,
  type ObjectChanges,
  ObjectEraser,
  type ObjectEraserPorts,
  Turns,
} from './ObjectEraser.ts';
import { addCounts, noCounts, sumRuns } from './runCounts.ts';

/** Dependencies of an erasure. */
export interface Eraser extends Omit<ObjectEraserPorts, 'turns'>, Pick<DayKeeper, 'raw' | 'listed'> {
  /** The settings that name tables and folders, and say how long they are kept. */
  readonly config: DayKeeper['config'] &
    Pick<Config, 'statsigFolder' | 'tables' | 'exports' | 'readers' | 'sources' | 'retention'>;
  /** Which version of a day is read, and who works on it. */
  readonly ledger: Pick<Ledger, 'read' | 'change'>;
  /**
   * Further Parquet erasers beside `parquet`: with each of them one more small file is looked at side by side.
   */
  readonly parquets: readonly ObjectEraserPorts['parquet'][];
  /** The ID of the erasure: erasureId in lib/erase/units/Unit.ts. */
  readonly id: string;
  /** How many units are erased. */
  readonly units: number;
  /** The records of erasures, by which a killed one goes on. */
  readonly manifests: ManifestStore;
  /** Identifies this process in the manifest. */
  readonly owner: string;
  /**
   * Asks that raw days whose files have changed are curated again, and that changed days of tables are exported again.
   */
  readonly askForDays: (
    days: Readonly<Record<ForwardedKind, readonly UtcDay[]>>,
    tables: Readonly<Record<string, readonly UtcDay[]>>,
  ) => Promise<void>;
  /** For so many milliseconds what was accepted before, and what was made of it, may still arrive. */
  readonly laterMs: number;
  /** Data that is, or may be, on its way to the bucket for longer than `laterMs`, in words. */
  readonly onTheWay: () => Promise<readonly string[]>;
  /** Is called when a place begins. */
  readonly onPlace?: (place: EraseStore) => void;
}

/** Results of a run, and of the whole erasure. */
export interface Erasure {
  /** The run that ended. */
  readonly run: EraseRun;
  /** Sums over all runs; for a dry run only its own counts. */
  readonly total: Readonly<Partial<Record<EraseStore, PlaceCounts>>>;
  /**
   * `complete`: a run that began late enough found nothing. `again`: another run is needed. `dry`: nothing was changed.
   */
  readonly state: 'complete' | 'again' | 'dry';
  /** The time from which on a run that finds nothing completes the erasure, epoch milliseconds; null for a dry run. */
  readonly completeFrom: number | null;
  /** Number of runs. */
  readonly runs: number;
  /** How many runs are not in the sums: the record keeps the last fifty. */
  readonly forgotten: number;
}

/** The largest refused body that is searched for units first. Larger objects are reported when their place is erased. */
const MOST_BODY_BYTES = 256 * 1024 ** 2;

/** The largest file that is looked at side by side with others. A larger one has all memory. */
const MOST_SMALL_BYTES = 16 * 1024 ** 2;

/** The run under way. */
type CurrentRun = NonNullable<Manifest['current']>;

/**
 * Erases the units of a UnitMatcher from the deployment's bucket. It may be killed anywhere: the next call goes
 * on at the page of objects at which this one stopped. Two calls at once stop each other.
 *
 * Places are worked through in the order in which data moves, and pages of objects in the order of their keys: small
 * objects of a page side by side, larger ones alone. Changes come one after the other. Before the first file of a day
 * changes, two things happen. The ledger entries of what is made of the day get the erasure's ID, which then explains
 * why rows are gone. And a raw day leaves the list of curated days, so that views read its raw rows; it stays if raw
 * files are lost whose rows only its curated files have. Rows are erased from curated files, too, and the day is
 * curated again after the run.
 *
 * @throws EraseError; CurateError of the list of days; what S3's client throws; the signal's reason.
 */
export async function eraseUnits(eraser: Eraser): Promise<Erasure> {
  const run = await RunOfErasure.begin(eraser);
  await run.collectLocations();
  for (const place of erasePlaces) await run.erasePlace(place);
  return run.end();
}

/** One run of an erasure, which goes on where an earlier one was killed. */
class RunOfErasure {
  readonly #eraser: Eraser;
  readonly #objects: readonly ObjectEraser[];
  #manifest: Manifest;
  #current: CurrentRun;
  #eTag: string | null;
  /** Days of tables that this process has noted. */
  readonly #noted = new Set<string>();

  private constructor(eraser: Eraser, manifest: Manifest, current: CurrentRun, eTag: string | null) {
    this.#eraser = eraser;
    const ports = { ...eraser, turns: new Turns(), isLoading: (key: string) => isLoading(eraser, key) };
    const parquets = [eraser.parquet, ...eraser.parquets];
    this.#objects = parquets.map((parquet) => new ObjectEraser({ ...ports, parquet }));
    this.#manifest = manifest;
    this.#current = current;
    this.#eTag = eTag;
  }

  /** Begins a run, or goes on with one that was killed. */
  static async begin(eraser: Eraser): Promise<RunOfErasure> {
    const { id, units, manifests, owner } = eraser;
    const now = eraser.now();
    const stored = await manifests.read(id);
    const manifest = stored?.manifest ?? {
      version: 1 as const,
      id,
      units,
      startedAt: now,
      runs: [],
      forgotten: 0,
      bodies: [],
    };
    const begun = eraser.dryRun ? undefined : manifest.current;
    const fresh: CurrentRun = {
      startedAt: now,
      resumed: 0,
      places: {},
      hasFound: false,
      left: [],
      leftCount: 0,
      expiring: [],
      onTheWay: [],
      owner,
      done: [],
      days: { exposures: [], events: [] },
      tables: {},
    };
    const begins = begun === undefined ? fresh : { ...begun, owner, resumed: begun.resumed + 1 };
    // Asked before the first object is read, because nobody looks at what arrives behind the run.
    const onTheWay = eraser.dryRun ? [] : await eraser.onTheWay();
    const current = { ...begins, onTheWay: [...new Set([...begins.onTheWay, ...onTheWay])] };
    const run = new RunOfErasure(eraser, manifest, current, stored?.eTag ?? null);
    await run.#save();
    await run.#noteKilled();
    await eraser.faultPoint?.('begun');
    return run;
  }

  /** Finds refused bodies that are objects of their own. Their rows in quarantine name them, and are erased first. */
  async collectLocations(): Promise<void> {
    const { bucket, matcher, config, directory, signal } = this.#eraser;
    // Rows of bodies that earlier runs have erased may have been on their way.
    const bodies = new Set(this.#manifest.bodies);
    for (const folder of placeFolders(config, 'quarantine-large'))
      for await (const page of bucket.objects(folder, undefined))
        await this.#eachOf(page, async ({ key, versions }, lane) => {
          const path = join(directory, `body-${lane}`);
          for (const version of versions) {
            signal?.throwIfAborted();
            if (version.size === 0 || version.size > MOST_BODY_BYTES) continue;
            const fetched = await bucket.fetch(version, path);
            // Objects that cannot be read are reported when their place is erased.
            if (fetched === null || fetched === 'archived' || 'denied' in fetched) continue;
            const found = matcher.findBody(await readFile(path));
            if (found !== null) bodies.add(key);
          }
        });
    for (const key of bodies) matcher.addLocation(`s3://${bucket.name}/${key}`);
    if (bodies.size === this.#manifest.bodies.length) return;
    this.#manifest = { ...this.#manifest, bodies: [...bodies] };
    await this.#save();
  }

  /** Erases the units from all objects of a place. */
  async erasePlace(place: EraseStore): Promise<void> {
    const { config, bucket, onPlace } = this.#eraser;
    if (this.#current.done.includes(place)) return;
    onPlace?.(place);
    const { after: resumedAt } = this.#current;
    const folders = placeFolders(config, place);
    // Folders are worked through in the order of the list, so those before the one that holds the key are done.
    const begun = folders.findIndex((folder) => resumedAt?.startsWith(folder));
    for (const folder of folders.slice(Math.max(begun, 0))) {
      const after = resumedAt?.startsWith(folder) === true ? resumedAt : undefined;
      for await (const page of bucket.objects(folder, after)) {
        const objects = page.flatMap((object) => {
          const form = objectForm(config, place, object.key);
          return form === null ? [] : [{ ...object, form }];
        });
        await this.#eachOf(objects, (object, lane) => this.#eraseObject(place, object, lane));
        this.#current = { ...this.#current, after: page.at(-1)?.key };
        await this.#save();
        await this.#eraser.faultPoint?.('checkpoint');
      }
    }
    const { done } = this.#current;
    this.#current = { ...this.#current, after: undefined, done: [...done, place] };
    await this.#save();
  }

  /**
   * Works on the objects of a page: on the first one alone, because AWS denies all objects or none; on small ones side
   * by side, each in a lane of its own; then on larger ones alone. After an error no further object is begun.
   */
  async #eachOf<Item extends ObjectVersions>(
    [first, ...others]: readonly Item[],
    work: (object: Item, lane: number) => Promise<void>,
  ): Promise<void> {
    if (first === undefined) return;
    await work(first, 0);
    const isSmall = ({ versions }: ObjectVersions) => versions.every(({ size }) => size <= MOST_SMALL_BYTES);
    const lanes = [...this.#objects.keys()];
    await mapLimit(others.filter(isSmall), lanes.length, async (object) => {
      const lane = lanes.pop() ?? 0;
      await work(object, lane);
      lanes.push(lane);
    });
    for (const object of others) if (!isSmall(object)) await work(object, 0);
  }

  /** Erases the units from one object, and counts what was done. @param lane Which of the erasers of objects works on it. */
  async #eraseObject(
    place: EraseStore,
    { form, ...object }: ObjectVersions & { readonly form: ObjectForm },
    lane: number,
  ): Promise<void> {
    const changes: ObjectChanges = {
      before: async (isFound, replaced) => {
        if (isFound) await this.#noteFound();
        if (form.form !== 'parquet') return;
        await this.#noteDay(object.key);
        if (form.raw !== undefined) await this.#takeOut(form.raw);
        if (replaced === null) return;
        const { eTag: from, bytes } = replaced;
        this.#current = { ...this.#current, replacing: { key: object.key, from, bytes } };
        await this.#save();
      },
      replaced: ({ key, eTag }, to) => this.#noteReplaced({ key, from: eTag }, to),
    };
    const objects = this.#objects[lane];
    if (objects === undefined) throw new RangeError(`No lane ${lane}.`);
    const { counts, left, expiring, hasFound, denied } = await objects.erase(object, form, changes);
    // If AWS denies the first object of a run, it would deny the others, too.
    if (denied !== undefined && Object.keys(this.#current.places).length === 0)
      throw new EraseError('SLUICE_ERASE_DENIED', `${object.key}: ${denied}`);
    const before = this.#current.places[place] ?? noCounts();
    // If several versions of the object have such bytes, the last day counts.
    const goneBy = expiring
      .map((version) => this.#goneBy(version))
      .sort()
      .at(-1);
    const isThere = expiring.some(({ isLatest }) => isLatest);
    this.#current = {
      ...this.#current,
      hasFound: this.#current.hasFound || hasFound,
      places: { ...this.#current.places, [place]: addCounts(before, counts) },
      left: [...this.#current.left, ...left].slice(0, MOST_LEFT),
      leftCount: this.#current.leftCount + left.length,
      expiring: [
        ...this.#current.expiring,
        ...(goneBy === undefined ? [] : [{ key: object.key, goneBy, isThere }]),
      ].slice(0, MOST_LEFT),
    };
  }

  /** The day by which lifecycle rules have deleted a version: S3 rounds each of its times up to the next midnight. */
  #goneBy({ key, isLatest, since }: ExpiringVersion): UtcDay {
    const { dataVersionDays, landingVersionDays } = this.#eraser.config.retention;
    const versionDays = key.startsWith(DAMAGED_FOLDER) ? dataVersionDays : landingVersionDays;
    return utcDay(since + ((isLatest ? DAMAGED_DAYS + 1 : 0) + versionDays + 1) * DAY_MS);
  }

  /**
   * Notes that something was found, before the first change: a run that is killed after it, and then finds nothing
   * more, has found something.
   */
  async #noteFound(): Promise<void> {
    if (this.#current.hasFound) return;
    this.#current = { ...this.#current, hasFound: true };
    await this.#save();
    await this.#eraser.faultPoint?.('noted');
  }

  /**
   * Notes the day of a table before its first file changes: in the manifest, so that the day is curated and exported
   * again in any case, and then in the ledger.
   */
  async #noteDay(key: string): Promise<void> {
    const changed = changedDay(this.#eraser.config, key);
    if (changed === null || this.#noted.has(`${changed.table} ${changed.day}`)) return;
    const { table, day } = changed;
    this.#noted.add(`${table} ${day}`);
    const { tables, days } = this.#current;
    const { config, now } = this.#eraser;
    const kind = forwardedKinds.find((forwarded) =>
      [config.tables[forwarded], config.curatedTables[forwarded]].includes(table),
    );
    const add = (to: readonly UtcDay[] = []) => [...new Set([...to, day])];
    this.#current = {
      ...this.#current,
      tables: { ...tables, [table]: add(ownMember(tables, table)) },
      ...(kind === undefined ? {} : { days: { ...days, [kind]: add(days[kind]) } }),
    };
    await this.#save();
    await noteInLedger(this.#eraser, changed, { at: now() });
  }

  /**
   * Notes in the ledger what has replaced a file, so that another file under its name is known to be somebody else's.
   */
  async #noteReplaced(
    { key, from }: Pick<NonNullable<CurrentRun['replacing']>, 'key' | 'from'>,
    to: string,
  ): Promise<void> {
    const changed = changedDay(this.#eraser.config, key);
    this.#current = { ...this.#current, replacing: undefined };
    if (changed === null) return;
    const replaced = namedFiles(changed.day, [{ key, eTag: from }]).map(({ name }) => ({ name, from, to }));
    await noteInLedger(this.#eraser, changed, { at: this.#eraser.now() }, replaced);
  }

  /** Notes what was replaced by a run that was killed before it could note it. */
  async #noteKilled(): Promise<void> {
    const { replacing } = this.#current;
    if (replacing === undefined) return;
    const versions = await this.#eraser.bucket.versions(replacing.key);
    // If the bucket has versions, the replaced version is deleted after the note, so it is still there. Others may have
    // put files since, but this run has not.
    const at = versions.findIndex(({ eTag }) => eTag === replacing.from);
    const made = versions.slice(0, at < 0 ? undefined : at).findLast(({ size }) => size === replacing.bytes);
    if (made !== undefined) await this.#noteReplaced(replacing, made.eTag);
  }

  /**
   * Takes a day out of the list, so that views read its raw rows. The list is read before each change, because
   * meanwhile the day may have been curated and listed again, from a raw file that still had the units.
   */
  async #takeOut({ kind, day }: { readonly kind: ForwardedKind; readonly day: UtcDay }): Promise<void> {
    const { listed, now, faultPoint } = this.#eraser;
    const entry = (await listed.read(kind))?.days[day];
    if (entry !== undefined) await takeOutDay({ ...this.#eraser, clock: { now } }, kind, day, entry);
    await faultPoint?.('taken_out');
  }

  /** Asks for the changed days, and writes the result into the record. */
  async end(): Promise<Erasure> {
    const { dryRun, askForDays, faultPoint, laterMs } = this.#eraser;
    const now = this.#eraser.now();
    const { days, tables } = this.#current;
    const run = runOf(this.#current);
    if (dryRun) return { run, total: run.places, state: 'dry', completeFrom: null, runs: 0, forgotten: 0 };
    for (const [table, changed] of Object.entries(tables))
      for (const day of changed) await noteInLedger(this.#eraser, { table, day }, { at: now, endedAt: now });
    if (Object.keys(tables).length > 0) await askForDays(days, tables);
    await faultPoint?.('asked');
    const { foundUntil, runs, forgotten: before } = this.#manifest;
    const isClean = !run.hasFound && run.leftCount === 0 && run.onTheWay.length === 0;
    const until = foundUntil === undefined || run.hasFound ? now : foundUntil;
    // The first run completes nothing: events sent before it may arrive after it.
    const isComplete = isClean && foundUntil !== undefined && run.startedAt >= foundUntil + laterMs;
    const everyRun = [...runs, { ...run, endedAt: now }];
    const all = everyRun.slice(-MOST_RUNS);
    const forgotten = before + everyRun.length - all.length;
    this.#manifest = {
      ...this.#manifest,
      runs: all,
      forgotten,
      foundUntil: until,
      current: undefined,
      completeAt: isComplete ? now : undefined,
    };
    await this.#write();
    await faultPoint?.('settled');
    return {
      run,
      total: sumRuns(all),
      state: isComplete ? 'complete' : 'again',
      completeFrom: until + laterMs,
      runs: all.length + forgotten,
      forgotten,
    };
  }

  /** Writes the record. @throws EraseError if another process has written it meanwhile. */
  async #save(): Promise<void> {
    if (this.#eraser.dryRun) return;
    this.#manifest = { ...this.#manifest, current: this.#current };
    await this.#write();
  }

  /** Writes the record as it is in memory. @throws EraseError SLUICE_ERASE_BUSY if somebody else has written it. */
  async #write(): Promise<void> {
    const eTag = await this.#eraser.manifests.write(this.#manifest, this.#eTag);
    if (eTag === null) throw new EraseError('SLUICE_ERASE_BUSY');
    this.#eTag = eTag;
  }
}

/** What the record keeps of a run that has ended. */
function runOf(current: CurrentRun): EraseRun {
  const { startedAt, resumed, places, hasFound, left, leftCount, expiring, onTheWay } = current;
  return { startedAt, resumed, places, hasFound, left, leftCount, expiring, onTheWay };
}
