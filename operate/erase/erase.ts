import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { lateSeconds } from '../../infra/streams/streams.ts';
import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { s3EraseBucket } from '../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { ownMember } from '../../lib/base/json.ts';
import type { FaultPoint } from '../../lib/base/retry.ts';
import { type UtcDay, utcDay } from '../../lib/base/time.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import { rawDays } from '../../lib/curate/RawDays.ts';
import { EraseError } from '../../lib/erase/EraseError.ts';
import type { EraseStore } from '../../lib/erase/erasePlaces.ts';
import { type Eraser, type Erasure, eraseUnits } from '../../lib/erase/eraseUnits.ts';
import { erasures } from '../../lib/erase/Manifest.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import { MOST_MENTIONED, ParquetEraser } from '../../lib/erase/ParquetEraser.ts';
import { distinctUnits, erasureId, type Unit } from '../../lib/erase/units/Unit.ts';
import { UnitMatcher } from '../../lib/erase/units/UnitMatcher.ts';
import { readNotes } from '../../lib/landing/LandingNote.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { erasureKey, exportSubject } from '../../lib/tables/ledgerKeys.ts';
import { DAMAGED_FOLDER } from '../../lib/tables/objectKeys.ts';
import { Redaction } from '../../lib/wire/Redaction.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { deploymentCommands } from '../../observe/deploymentCommands.ts';
import { readLedgerDays } from '../../observe/facts/days/ledgerDays.ts';
import { queuedCopies } from '../../observe/facts/flow/relayCopies.ts';
import { readStackOutputs, requireOutput } from '../../observe/facts/flow/stackOutputs.ts';
import { isStreamLate, readStream } from '../../observe/facts/flow/streamState.ts';
import { curateRequests } from '../curate/requests.ts';
import { daySlices } from '../requestedDays.ts';
import { sendRequests } from '../sendRequests.ts';
import { type ElsewhereHeld, heldElsewhere } from './heldElsewhere.ts';
import { pendingCures } from './pendingCures.ts';

/** The units to erase, and how to erase them. */
interface EraseRequest {
  /** The units, which may be given twice. */
  readonly units: readonly Unit[];
  /** Whether units are only counted, and nothing is written. */
  readonly dryRun: boolean;
  /** Whether it goes on although it deletes versions that a restore or a copy back waits for. Default: no. */
  readonly isSure?: boolean;
  /** Is called with each place, before it is gone through. Default: nothing is called. */
  readonly onPlace?: (place: EraseStore) => void;
  /** For tests, which end the process at a step. */
  readonly faultPoint?: FaultPoint<EraseFaultPoint>;
}

/** An object with bytes that are no rows, in which nobody has looked for units. */
interface NotSearched {
  /** The object's key in the deployment's bucket. */
  readonly key: string;
  /** The day by which the object is gone, UTC. */
  readonly goneBy: UtcDay;
  /** The commands that try it again, or delete it before; none where only earlier versions of it have such bytes. */
  readonly commands: readonly string[];
}

/** The receipt of an erasure. It names no unit. */
export interface EraseReceipt extends Erasure {
  /** The ID of the units and the bucket, which does not reveal them. */
  readonly id: string;
  /** Key of the record in the deployment's bucket; null for a dry run. */
  readonly record: string | null;
  /** Number of units. */
  readonly units: number;
  /** Data that the command cannot reach, and what to do about it. */
  readonly elsewhere: readonly ElsewhereHeld[];
  /** Objects with bytes that are no rows. */
  readonly notSearched: readonly NotSearched[];
  /** Whether rows of others that mention a value were counted. They are not counted with more than a hundred values. */
  readonly countsMentions: boolean;
}

/** How often one call is tried. */
const MAX_ATTEMPTS = 5;
/** How long one call may take, milliseconds. */
const CALL_MS = 600_000;
/** How many small files are looked at side by side for each core: one is fetched while the other is read. */
const FILES_A_CORE = 2;
/** The most memory that DuckDB manages, MiB. */
const MOST_MEMORY = 2_048;
/** The part of this machine's memory that DuckDB manages at most: one of so many. */
const MEMORY_SHARE = 4;

/**
 * Erases rows of units from the deployment's bucket (lib/erase/eraseUnits.ts). Files are read into a folder of this
 * machine, which is removed at the end. If this run is killed, the beginning of any later run removes it.
 *
 * @throws EraseError; CurateError; EngineError; what AWS's clients throw.
 */
export async function erase(deployment: Deployment, request: EraseRequest): Promise<EraseReceipt> {
  const { config, signal } = deployment;
  const { dryRun, isSure = false, onPlace, faultPoint } = request;
  const pending = dryRun || isSure ? [] : await pendingCures(deployment);
  if (pending.length > 0) throw new EraseError('SLUICE_ERASE_CURE_PENDING', `${pending.join('; ')}.`);
  const units = distinctUnits(request.units);
  const id = erasureId(config.bucket, units);
  const matcher = new UnitMatcher([...units, ...hashedUnits(units, config)]);
  const directory = await makeWorkFolder();
  const s3 = openEraseClient(deployment);
  let erasers: readonly ParquetEraser[] = [];
  try {
    const [parquet, ...parquets] = await openErasers(directory, matcher, signal);
    erasers = [parquet, ...parquets];
    const erasure = await eraseUnits({
      ...erasePorts(deployment, s3),
      dryRun,
      faultPoint,
      ...(onPlace === undefined ? {} : { onPlace }),
      id,
      units: units.length,
      matcher,
      parquet,
      parquets,
      directory,
    });
    return {
      ...erasure,
      id,
      record: dryRun ? null : erasureKey(id),
      units: units.length,
      elsewhere: heldElsewhere(deployment),
      notSearched: notSearched(deployment, erasure),
      countsMentions: matcher.values.length <= MOST_MENTIONED,
    };
  } finally {
    for (const eraser of erasers) eraser.close();
    s3.destroy();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Opens a client for files, which take longer than the answers to other questions. The caller closes it. */
function openEraseClient({ aws, isLocal }: Pick<Deployment, 'aws' | 'isLocal'>): S3Client {
  return new S3Client({
    ...aws,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { ...aws.requestHandler, requestTimeout: CALL_MS },
    ...(isLocal ? { forcePathStyle: true } : {}),
  });
}

/** Opens what reads and writes files of Parquet: one for large files, and others for small ones beside each other. */
function openErasers(
  directory: string,
  matcher: UnitMatcher,
  signal: AbortSignal | undefined,
): ReturnType<typeof ParquetEraser.openBeside> {
  const memoryMegabytes = Math.min(MOST_MEMORY, Math.floor(totalmem() / MEMORY_SHARE / 1024 ** 2));
  return ParquetEraser.openBeside(
    { memoryMegabytes, temporaryDirectory: directory },
    directory,
    matcher,
    FILES_A_CORE * availableParallelism(),
    signal,
  );
}

type ErasePorts = Omit<
  Eraser,
  'dryRun' | 'faultPoint' | 'onPlace' | 'id' | 'units' | 'matcher' | 'parquet' | 'parquets' | 'directory'
>;

/** What an erasure reads and writes of a deployment. Its clock begins at the deployment's time. */
function erasePorts(deployment: Deployment, s3: S3Client): ErasePorts {
  const { config, clock, wait, random, signal } = deployment;
  const store = s3ObjectStore(s3, config.bucket);
  const beganAt = clock.now();
  return {
    config,
    wait,
    random,
    signal,
    isWritten: async (version) => {
      const { note } = await readNotes(store, version);
      return note !== null && 'written' in note;
    },
    bucket: s3EraseBucket(s3, config.bucket, { wait, random }, signal),
    manifests: erasures(store),
    owner: randomUUID(),
    listed: listedDays(store),
    raw: rawDays(store, config, { clock, wait, random, deadline: Number.POSITIVE_INFINITY }),
    ledger: bucketLedger(s3, config.bucket, { clock, wait, random }),
    askForDays: async (days, tables) => {
      await askForDays(deployment, days);
      await askForExports(deployment, tables);
    },
    laterMs: arrivesWithinMs(config),
    onTheWay: () => onTheWay(deployment),
    now: () => deployment.now + clock.now() - beganAt,
  };
}

/** The objects in which nobody has looked, each with the commands that try it again or delete it. */
function notSearched(deployment: Deployment, { run }: Erasure): readonly NotSearched[] {
  const commands = deploymentCommands(deployment, String(deployment.aws.region));
  return run.expiring.map(({ key, goneBy, isThere }) => ({
    key,
    goneBy,
    commands: isThere && key.startsWith(DAMAGED_FOLDER) ? commands.damaged(key) : [],
  }));
}

/**
 * The units as tables have them where `privacy.redact` hashes values. The value itself is in copies of requests, and in
 * older rows.
 */
function hashedUnits(
  units: readonly Unit[],
  { privacy: { redact, salt = '' } }: Pick<Config, 'privacy'>,
): readonly Unit[] {
  if (!Object.values(redact).includes('hash')) return [];
  const redaction = new Redaction(redact, salt);
  return units.map((unit) => ({ ...unit, value: redaction.hash(unit.value) }));
}

/**
 * Asks the plan of curation for days, as `sluice curate run` does. Days that are too young wait there for their night.
 */
async function askForDays(
  deployment: Deployment,
  days: Readonly<Record<ForwardedKind, readonly UtcDay[]>>,
): Promise<void> {
  if (!deployment.config.curate) return;
  const requests = forwardedKinds.flatMap((kind) => curateRequests('run', kind, days[kind]));
  await sendRequests(deployment, 'curate-plan', requests);
}

/**
 * Asks exports for the changed days that they have exported before, as `sluice export run` does, whatever their
 * lookback.
 */
async function askForExports(
  deployment: Deployment,
  tables: Readonly<Record<string, readonly UtcDay[]>>,
): Promise<void> {
  const today = utcDay(deployment.now);
  for (const exported of deployment.config.exports) {
    // A day that has not ended is in the lookback of the next run.
    const changed = (ownMember(tables, exported.table) ?? []).filter((day) => day < today).sort();
    const [states = []] = await readLedgerDays(deployment, [
      changed.map((day) => exportSubject(exported, day)),
    ]);
    const days = states.flatMap(({ day, entry }) => (entry === null ? [] : [day]));
    const requests = daySlices(days).map((slice) => ({
      sluice: 'export' as const,
      exports: [exported.name],
      days: slice,
    }));
    if (requests.length > 0) await sendRequests(deployment, 'export', requests);
  }
}

/** Matches the name of an erasure's folder: it has the process that works there, and random characters. */
const WORK_FOLDER = /^sluice-erase-(\d+)-/;

/**
 * Makes a folder that only this erasure uses, even if another erasure of the same units runs on the same machine. It
 * also removes the folders of processes that were killed.
 *
 * @returns The path of the folder, which the caller removes.
 */
async function makeWorkFolder(): Promise<string> {
  const root = tmpdir();
  for (const name of await readdir(root)) {
    const pid = WORK_FOLDER.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Folders that belong to another user stay.
    await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined);
  }
  // Only the folder's owner may read it: https://nodejs.org/api/fs.html#fspromisesmkdtempprefix-options
  return mkdtemp(join(root, `sluice-erase-${process.pid}-`));
}

/** Whether a process runs. A process of another user runs, too, if only the signal to it is refused. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/**
 * The longest time for which a function runs. It may have read an object before the rows were removed, and write the
 * result at its end. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const FUNCTION_SECONDS = 900;

/**
 * Milliseconds after which no earlier rows arrive any more, unless something is {@link onTheWay}. A function may put
 * what it has read into a stream at its end, and the stream then takes its own time.
 */
function arrivesWithinMs(config: Pick<Config, 'buffering'>): number {
  return (FUNCTION_SECONDS + lateSeconds(config)) * 1_000;
}

/**
 * Lists, in words, what may bring earlier rows into the bucket later than {@link arrivesWithinMs}: copies in the queues
 * of relay, and a stream that is late.
 *
 * @throws ObserveError; what the clients of SQS and CloudWatch throw.
 */
async function onTheWay(
  deployment: Pick<Deployment, 'config' | 'stack' | 'aws' | 's3' | 'sqs' | 'cloudwatch' | 'isLocal' | 'now'>,
): Promise<readonly string[]> {
  const { config, isLocal } = deployment;
  const [queued, stream] = await Promise.all([
    config.relay === undefined ? null : queuedCopies(deployment),
    // The local cloud delivers by its own clock, and never late.
    isLocal
      ? null
      : readStackOutputs(deployment).then((outputs) =>
          readStream(deployment, requireOutput(outputs, 'LandingStreamName')),
        ),
  ]);
  return [
    ...(queued === null || queued === 0 ? [] : [`the queues of relay hold about ${queued} messages`]),
    ...(stream !== null && isStreamLate(stream.oldest, deployment)
      ? [`the stream ${stream.stream} is late: its oldest record is of ${stream.oldest}`]
      : []),
  ];
}
