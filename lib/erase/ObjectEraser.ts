import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultPoint, RetryPorts } from '../base/retry.ts';
import { eachAttempt } from '../base/retry.ts';
import type { Denied, EraseBucket, ObjectAttributes, ObjectVersions, StoredVersion } from './EraseBucket.ts';
import { EraseError } from './EraseError.ts';
import { eraseBody, eraseCopy, eraseLanding, type LeftDocuments, NO_ROWS } from './eraseDocuments.ts';
import type { ObjectForm, ResultForm } from './erasePlaces.ts';
import { eraseResult } from './eraseResult.ts';
import type { LeftObject, PlaceCounts } from './Manifest.ts';
import type { ParquetEraser } from './ParquetEraser.ts';
import { beginsAsParquet } from './resultFile.ts';
import { noCounts } from './runCounts.ts';
import type { UnitMatcher } from './units/UnitMatcher.ts';

/**
 * The steps of an erasure, each named after what is done by then. The process may be killed after any of them. The next run
 * has the same result.
 */
export const eraseFaultPoints = [
  /** The manifest has the run. */
  'begun',
  /** The manifest says that something was found. Nothing has changed. */
  'noted',
  /** A day whose raw file is about to change is out of the list that views read. */
  'taken_out',
  /** The manifest has the file that is about to be replaced. */
  'replacing',
  /** An object has a version without the units. The old version still exists. */
  'replaced',
  /** An object that has nothing else is hidden; its versions still exist. */
  'hidden',
  /** A version that had the units is deleted. */
  'removed',
  /** The manifest has the last key of a page. */
  'checkpoint',
  /** The plan is asked to curate the changed days. */
  'asked',
  /** The manifest has the result. */
  'settled',
] as const;

/** One of {@link eraseFaultPoints}. */
export type EraseFaultPoint = (typeof eraseFaultPoints)[number];

/** What the eraser reports of an object before and after it changes. */
export interface ObjectChanges {
  /**
   * Is called before anything of the object is changed.
   *
   * @param isFound Whether something of the units was found in it, and not only content that nobody can read.
   * @param replaced The ETag of the version that is replaced, and the size in bytes of what replaces it; null if
   * versions are only deleted.
   */
  readonly before: (
    isFound: boolean,
    replaced: { readonly eTag: string; readonly bytes: number } | null,
  ) => Promise<void>;
  /** Is called once a version is replaced; the old version may still exist. */
  readonly replaced: (version: StoredVersion, eTag: string) => Promise<void>;
}

/** Dependencies of erasing units from objects. */
export interface ObjectEraserPorts extends RetryPorts {
  /** The deployment's bucket, with all versions of its objects. */
  readonly bucket: EraseBucket;
  /** Decides what belongs to the units. */
  readonly matcher: UnitMatcher;
  /** Searches and rewrites Parquet files. */
  readonly parquet: Pick<ParquetEraser, 'examine' | 'rewrite'>;
  /** An existing folder that nobody else uses. */
  readonly directory: string;
  /** Whether rows are only counted, and nothing is changed. */
  readonly dryRun: boolean;
  /**
   * Turns in which objects are changed: erasers that look at objects side by side share them. Default: turns of its
   * own.
   */
  readonly turns?: Turns;
  /** The time of the deployment, epoch milliseconds. */
  readonly now: () => number;
  /** Ends the erasure between two versions; undefined: nothing does. */
  readonly signal: AbortSignal | undefined;
  /**
   * Whether the rows of a version in the landing are in tables, so that only its deletion is left. Default: no version
   * is.
   */
  readonly isWritten?: (version: StoredVersion) => Promise<boolean>;
  /** Whether an object belongs to a load in pieces that is under way. Default: no object does. */
  readonly isLoading?: (key: string) => Promise<boolean>;
  /** Called after each step. Default: nothing is called. */
  readonly faultPoint?: FaultPoint<EraseFaultPoint> | undefined;
}

/** A version of which a part could not be read, and that lifecycle rules delete. */
export interface ExpiringVersion extends Pick<StoredVersion, 'key' | 'isLatest'> {
  /** Epoch milliseconds from which the days of its lifecycle rule count. */
  readonly since: number;
}

/** Outcome of one object. */
interface ErasedObject {
  /** What was found and done, as the record sums it up. */
  readonly counts: PlaceCounts;
  /** Versions that are not erased, and why. */
  readonly left: readonly LeftObject[];
  /** Versions of which a part could not be read, and that lifecycle rules delete. */
  readonly expiring: readonly ExpiringVersion[];
  /** Whether something of the units was in the object, or may be. */
  readonly hasFound: boolean;
  /** AWS's message for the last version that it denied. */
  readonly denied?: string;
}

/** The most bytes of an object that is searched. */
const MOST_BYTES = 2 * 1024 ** 3;
/** Bytes of an object that is not Parquet, and so is read as a whole. */
const MOST_TEXT_BYTES = 256 * 1024 ** 2;
/** Attempts at an object that somebody else changes while it is erased. */
const CHANGED_RETRIES = { tries: 5, baseMs: 200, capMs: 2_000 } as const;

/** Objects that are read as documents. */
type DocumentForm = Exclude<ObjectForm, ResultForm | { readonly form: 'parquet' }>;

/** Result of searching a version for the units. */
type Look =
  | ({ readonly found: 'nothing' } & Stays)
  /** The version has changed or is gone since it was listed. */
  | { readonly found: 'gone' }
  | { readonly found: 'waiting' }
  | { readonly found: 'denied'; readonly denied: string }
  | { readonly found: Exclude<LeftObject['why'], 'denied' | 'unread'> }
  | ({
      readonly found: 'rows';
      readonly rows: number;
      readonly others: number;
      /** How many of `rows` are refused bodies that go because nobody can read them: they say nothing of the units. */
      readonly unreadable?: number | undefined;
      /** The bytes without the units, in a file; null if nothing is left. */
      readonly path: string | null;
      readonly attributes: ObjectAttributes;
    } & Stays);

/** Content that stays in an object: mentions, and rows that cannot be read. */
interface Stays {
  /** Rows of others that name a unit. Default 0. */
  readonly mentions?: number;
  /** Rows that can't be read. Default 0. */
  readonly unread?: number | undefined;
}

/** An {@link ErasedObject} that is being filled in. */
interface Doing {
  /** See {@link ErasedObject.counts}. */
  counts: PlaceCounts;
  /** See {@link ErasedObject.left}. */
  left: LeftObject[];
  /** See {@link ErasedObject.expiring}. */
  expiring: ExpiringVersion[];
  /** See {@link ErasedObject.hasFound}. */
  hasFound: boolean;
  /** See {@link ErasedObject.denied}. */
  denied?: string;
}

/** One look at every version of an object. */
interface Pass {
  /** How the object is read. */
  readonly form: ObjectForm;
  /** What is called before and after a change. */
  readonly changes: ObjectChanges;
  /** What was found and done until now. */
  readonly done: Doing;
}

/** Notes that AWS denied a call for a version, which stays. */
function noteDenied({ key, versionId }: StoredVersion, { denied }: Denied, done: Doing): void {
  done.left.push({ key, versionId, why: 'denied' });
  done.denied = denied;
}

/**
 * Lets callers in one at a time. Once one has failed, nobody is let in any more, as if the process had been killed
 * there.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Does work once that of all earlier callers is done.
   *
   * @throws What `work` throws, or what an earlier caller's work has thrown: then the work is not begun.
   */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result;
    return result;
  }
}

/** Serials of files: erasers that work side by side share a folder. */
let serial = 0;

/** Takes units out of one object at a time, and out of every version of it. */
export class ObjectEraser {
  readonly #ports: ObjectEraserPorts;
  readonly #turns: Turns;
  /**
   * The files of the version that is looked at: what was fetched, and what replaces it. No other version uses the same
   * paths.
   */
  #path = { from: '', to: '' };

  constructor(ports: ObjectEraserPorts) {
    this.#ports = ports;
    this.#turns = ports.turns ?? new Turns();
  }

  /**
   * Replaces the object if it has rows of the units and of others, deletes it if it has nothing else, and deletes every
   * older version with rows of the units. Versions without such rows are not touched.
   *
   * @throws EraseError SLUICE_ERASE_CHANGING, SLUICE_ERASE_ROWS_DIFFER; what S3's client throws; the signal's reason.
   */
  async erase(
    { key, versions: listed }: ObjectVersions,
    form: ObjectForm,
    changes: ObjectChanges,
  ): Promise<ErasedObject> {
    const { bucket, dryRun, wait, random } = this.#ports;
    let versions = listed;
    const done: Doing = { counts: { ...noCounts(), objects: 1 }, left: [], expiring: [], hasFound: false };
    for await (const attempt of eachAttempt({ ...CHANGED_RETRIES, wait, random })) {
      if (attempt > 1) {
        versions = await bucket.versions(key);
        // Versions that an earlier attempt has deleted are not listed any more. All others are looked at once more.
        const deleted = dryRun ? 0 : done.counts.deleted;
        done.counts = { ...noCounts(), objects: 1, versions: deleted, deleted };
      }
      done.left = [];
      done.expiring = [];
      try {
        if (await this.#pass(versions, { form, changes, done })) return done;
      } finally {
        await this.#removeFiles();
      }
    }
    throw new EraseError('SLUICE_ERASE_CHANGING', `${key}.`);
  }

  /** Looks at every version once. @returns False if the object was changed by somebody else meanwhile. */
  async #pass(versions: readonly StoredVersion[], pass: Pass): Promise<boolean> {
    // Old versions come first: while the object still has its rows, the next run looks at all its versions again.
    const latest = versions.filter(({ isLatest }) => isLatest);
    const old = versions.filter(({ isLatest }) => !isLatest);
    let olderLeft = old.length;
    for (const version of [...old, ...latest]) {
      this.#ports.signal?.throwIfAborted();
      const look = await this.#look(version, pass.form);
      pass.done.counts.versions += 1;
      if (look.found === 'gone') {
        if (version.isLatest) return false;
      } else if (look.found !== 'rows') this.#noteUnchanged(version, look, pass);
      else {
        const end = await this.#takeRows(version, look, olderLeft > 0, pass);
        if (end === 'changed') return false;
        if (end === 'deleted' && !version.isLatest) olderLeft -= 1;
      }
    }
    return true;
  }

  /** Notes a version that is not changed, as it has no rows of the units, or none that can be read. */
  #noteUnchanged(
    version: StoredVersion,
    look: Exclude<Look, { readonly found: 'gone' | 'rows' }>,
    pass: Pass,
  ): void {
    const { done } = pass;
    switch (look.found) {
      case 'nothing':
        if ((look.unread ?? 0) > 0) this.#noteUnread(version, 'unread', pass);
        if (version.isLatest) done.counts.mentions += look.mentions ?? 0;
        return;
      case 'waiting':
        done.counts.waiting += 1;
        done.hasFound = true;
        return;
      case 'denied':
        noteDenied(version, look, done);
        return;
      case 'archived':
        done.left.push({ key: version.key, versionId: version.versionId, why: look.found });
        return;
      default:
        this.#noteUnread(version, look.found, pass);
    }
  }

  /**
   * Notes a version of which a part stays, as it can't be read.
   *
   * @param since Epoch milliseconds from which the days of its lifecycle rule count. Default: when the latest version
   *   was written; of an older one now.
   */
  #noteUnread(
    { key, versionId, isLatest, modifiedAt }: StoredVersion,
    why: LeftObject['why'],
    { form: { form }, done }: Pass,
    since = isLatest ? modifiedAt : this.#ports.now(),
  ): void {
    // An object of the landing is about to be written. What then can't be read of it comes to damaged/.
    if (form === 'damaged' || (form === 'landing' && !isLatest)) done.expiring.push({ key, isLatest, since });
    else done.left.push({ key, versionId, why });
  }

  /** Takes the rows of the units out of a version, and counts them. @param hasOlder As of {@link ObjectEraser.#change}. */
  async #takeRows(
    version: StoredVersion,
    look: Extract<Look, { readonly found: 'rows' }>,
    hasOlder: boolean,
    pass: Pass,
  ): Promise<'changed' | 'denied' | 'deleted'> {
    const { changes, done } = pass;
    const { counts } = done;
    const isFound = look.rows > (look.unreadable ?? 0);
    done.hasFound ||= isFound;
    const path = version.isLatest ? look.path : null;
    const change = () => this.#change(version, { ...look, path }, isFound, hasOlder, changes);
    const denied = this.#ports.dryRun ? null : await this.#turns.take(change);
    if (denied === 'changed') return denied;
    if (denied !== null) {
      noteDenied(version, denied, done);
      if (!denied.isReplaced) return 'denied';
    }
    counts.deleted += 1;
    if (!version.isLatest) return 'deleted';
    if (path !== null) {
      counts.rewritten += 1;
      // The rewritten object has a new version under the same key, whose time begins now.
      if ((look.unread ?? 0) > 0) this.#noteUnread(version, 'unread', pass, this.#ports.now());
    }
    counts.rows += look.rows;
    counts.others += look.others;
    counts.mentions += look.mentions ?? 0;
    return 'deleted';
  }

  /**
   * Replaces or removes a version that has something of the units.
   *
   * @param hasOlder Whether older versions of the object are left.
   * @returns `changed` if somebody else has changed the object meanwhile; otherwise what AWS denied, and whether the
   * version is replaced all the same; null after success.
   */
  async #change(
    version: StoredVersion,
    { path, attributes }: Extract<Look, { readonly found: 'rows' }>,
    isFound: boolean,
    hasOlder: boolean,
    changes: ObjectChanges,
  ): Promise<(Denied & { readonly isReplaced?: boolean }) | 'changed' | null> {
    const { bucket, faultPoint } = this.#ports;
    if (path !== null) {
      await changes.before(isFound, { eTag: version.eTag, bytes: (await stat(path)).size });
      await faultPoint?.('replacing');
      const replaced = await bucket.replace(version, path, attributes);
      if (replaced === null) return 'changed';
      if ('denied' in replaced) return replaced;
      await faultPoint?.('replaced');
      await changes.replaced(version, replaced.eTag);
      const denied = replaced.isKept ? await this.#remove(version) : null;
      return denied === null || denied === 'changed' ? null : { ...denied, isReplaced: true };
    }
    await changes.before(isFound, null);
    // Without a marker, the newest version that is left would come back.
    const hides = version.isLatest && hasOlder;
    if (hides) {
      // A marker hides whatever is the latest version, so a version that was written since is looked at first.
      const latest = (await bucket.versions(version.key)).find(({ isLatest }) => isLatest);
      if (latest?.versionId !== version.versionId || latest.eTag !== version.eTag) return 'changed';
      const denied = await bucket.hide(version);
      if (denied !== null) return denied;
      await faultPoint?.('hidden');
    }
    return this.#remove(version, version.isLatest && !hides);
  }

  /** Deletes a version. @param ifRead Whether it is deleted only if it is still the latest. */
  async #remove(version: StoredVersion, ifRead = false): Promise<Denied | 'changed' | null> {
    const denied = await this.#ports.bucket.remove(version, ifRead);
    if (denied === null) await this.#ports.faultPoint?.('removed');
    return denied;
  }

  /** Paths for the files of the next version; those of the one before are deleted. */
  async #nextFiles() {
    await this.#removeFiles();
    serial += 1;
    const fileSerial = serial;
    const file = (name: string) => join(this.#ports.directory, `${fileSerial}.${name}`);
    this.#path = { from: file('old'), to: file('new') };
    return this.#path;
  }

  /** Deletes the files of the version that is looked at. */
  async #removeFiles(): Promise<void> {
    const { from, to } = this.#path;
    if (from === '') return;
    await Promise.all([rm(from, { force: true }), rm(to, { force: true })]);
  }

  /** Searches a version for the units, and makes the file that replaces it. */
  async #look(version: StoredVersion, form: ObjectForm): Promise<Look> {
    const { bucket } = this.#ports;
    if (version.size === 0) return { found: 'nothing' };
    if (version.size > MOST_BYTES) return { found: 'too_large' };
    const { from, to } = await this.#nextFiles();
    const attributes = await bucket.fetch(version, from);
    if (attributes === null) return { found: 'gone' };
    if (attributes === 'archived') return { found: 'archived' };
    if ('denied' in attributes) return { found: 'denied', ...attributes };
    if (form.form === 'parquet') return this.#lookAtParquet(version, form, attributes);
    if (isResult(form) && (await beginsAsParquet(from)))
      return this.#lookAtParquet(version, form, attributes);
    if (!isResult(form) && version.size > MOST_TEXT_BYTES) return { found: 'too_large' };
    const left = isResult(form)
      ? await eraseResult(from, this.#ports.matcher)
      : this.#documents(form, await readFile(from));
    if (left === 'unreadable') return { found: 'unreadable' };
    // Its rows are in tables, and its other bytes in damaged/. If it gets a new version, the writer reads that again:
    // so nothing may be left in it.
    const isWritten =
      form.form === 'landing' && version.isLatest && (await this.#ports.isWritten?.(version)) === true;
    const unread = isWritten ? 0 : left.unread;
    if (!('body' in left)) return { found: 'nothing', unread };
    const { own: rows, others, unreadable } = left;
    const body = isWritten ? NO_ROWS : left.body;
    if (await this.#isOfRunningLoad(version, form)) return { found: 'waiting' };
    if (body !== null) await writeFile(to, body);
    return {
      found: 'rows',
      rows,
      others,
      unreadable,
      unread,
      path: body === null ? null : to,
      attributes,
    };
  }

  /** Searches a version that is a Parquet file. Of the latest one it writes the file that replaces it. */
  async #lookAtParquet(
    version: StoredVersion,
    form: ObjectForm,
    attributes: ObjectAttributes,
  ): Promise<Look> {
    const { parquet, dryRun } = this.#ports;
    const { from, to } = this.#path;
    const file = await parquet.examine(from, isResult(form));
    if (file === null) return { found: 'unreadable' };
    const { own, others, unreadable, mentions } = file;
    if (isResult(form)) {
      // The columns of a result are the query's, so any of them may hold the unit.
      if (own + mentions === 0) return { found: 'nothing' };
      if (await this.#isOfRunningLoad(version, form)) return { found: 'waiting' };
      return { found: 'rows', rows: own + mentions, others: 0, path: null, attributes };
    }
    if (own === 0) return { found: 'nothing', mentions };
    if (version.isLatest && !dryRun) await parquet.rewrite(from, file, to);
    return { found: 'rows', rows: own, others, unreadable, mentions, path: to, attributes };
  }

  /** Erases the units from an object that is read as a whole. */
  #documents({ form }: DocumentForm, body: Uint8Array): LeftDocuments {
    const { matcher } = this.#ports;
    switch (form) {
      case 'landing':
        return eraseLanding(body, matcher);
      case 'damaged':
        return eraseLanding(body, matcher, null);
      case 'relay':
        return eraseCopy(body, matcher);
      case 'body':
        return eraseBody(body, matcher);
    }
  }

  /** Whether an object belongs to a load in pieces that is under way: it is deleted once that has ended. */
  async #isOfRunningLoad({ key }: StoredVersion, form: ObjectForm): Promise<boolean> {
    return form.form === 'load' && (await this.#ports.isLoading?.(key)) === true;
  }
}

/** Whether an object is the result of a query, or a file of a load in pieces: it goes as a whole. */
function isResult(form: ObjectForm): form is ResultForm {
  return form.form === 'result' || form.form === 'load';
}
