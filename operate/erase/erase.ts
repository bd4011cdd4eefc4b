import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { S3Client } from '@aws-sdk/client-s3';
import { s3EraseBucket } from '../../lib/aws/s3EraseBucket.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import type { FaultPoint } from '../../lib/base/retry.ts';
import { type UtcDay, utcDay } from '../../lib/base/time.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import type { EraseStore } from '../../lib/erase/erasePlaces.ts';
import { type Erasure, eraseUnits } from '../../lib/erase/eraseUnits.ts';
import { erasures } from '../../lib/erase/Manifest.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import { MOST_MENTIONED, ParquetEraser } from '../../lib/erase/ParquetEraser.ts';
import { distinctUnits, erasureId, type Unit } from '../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../lib/erase/UnitMatcher.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { erasureKey, exportSubject } from '../../lib/tables/ledgerKeys.ts';
import { Redaction } from '../../lib/wire/Redaction.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { readLedgerDays } from '../../observe/facts/days/ledgerDays.ts';
import { daySlices, sendRequests } from '../ingest/requests.ts';
import { type ElsewhereHeld, heldElsewhere } from './heldElsewhere.ts';
import { arrivesWithinMs, onTheWay } from './onTheWay.ts';
import { makeWorkFolder } from './workFolder.ts';

/** The units to erase, and how. */
export interface EraseRequest {
  readonly units: readonly Unit[];
  /** Counts only: nothing is written. */
  readonly dryRun: boolean;
  readonly onPlace?: (place: EraseStore) => void;
  readonly faultPoint?: FaultPoint<EraseFaultPoint>;
}

/** The receipt of an erasure. It names no unit. */
export interface EraseReceipt extends Erasure {
  readonly id: string;
  /** Key of the record in the deployment's bucket; null of a dry run. */
  readonly record: string | null;
  readonly units: number;
  /** Whether rows of others that mention a value were counted: not with more than a hundred values. */
  readonly countsMentions: boolean;
  /** Data that the command cannot reach, and what to do about it. */
  readonly elsewhere: readonly ElsewhereHeld[];
}

/** Retries of one call, and how long it may take: files are larger than what other questions read. */
const CLIENT = { maxAttempts: 5, connectionTimeout: 3_000, requestTimeout: 600_000 } as const;
/** MiB that DuckDB manages at most. */
const MOST_MEMORY = 2_048;

/**
 * Erases rows of units from the deployment's bucket: lib/erase/eraseUnits.ts. Files are read one at a time into a folder of
 * this machine, which is removed at the end, or at the beginning of any later run if this one is killed.
 *
 * @throws EraseError; CurateError; EngineError; what AWS's clients throw.
 */
export async function erase(deployment: Deployment, request: EraseRequest): Promise<EraseReceipt> {
  const { config, aws, isLocal, clock, wait, random, signal } = deployment;
  const { dryRun, onPlace, faultPoint } = request;
  const units = distinctUnits(request.units);
  const id = erasureId(config.bucket, units);
  const matcher = new UnitMatcher([...units, ...hashedUnits(units, config)]);
  const elsewhere = await heldElsewhere(deployment);
  const directory = await makeWorkFolder();
  const { maxAttempts, ...requestHandler } = CLIENT;
  const s3 = new S3Client({
    ...{ ...aws, maxAttempts, requestHandler: { ...requestHandler, throwOnRequestTimeout: true } },
    ...(isLocal ? { forcePathStyle: true } : {}),
  });
  const beganAt = clock.now();
  let parquet: ParquetEraser | undefined;
  try {
    const memoryMegabytes = Math.min(MOST_MEMORY, Math.floor(totalmem() / 4 / 1024 ** 2));
    parquet = await ParquetEraser.open(
      { memoryMegabytes, temporaryDirectory: directory },
      directory,
      matcher,
      signal,
    );
    const erasure = await eraseUnits({
      ...{
        config,
        id,
        units: units.length,
        matcher,
        parquet,
        directory,
        dryRun,
        wait,
        random,
        signal,
        faultPoint,
      },
      ...(onPlace === undefined ? {} : { onPlace }),
      bucket: s3EraseBucket(s3, config.bucket, { wait, random }, signal),
      manifests: erasures(s3ObjectStore(s3, config.bucket)),
      owner: randomUUID(),
      listed: listedDays(s3ObjectStore(s3, config.bucket)),
      askForDays: async (days, tables) => {
        await askForDays(deployment, days);
        await askForExports(deployment, tables);
      },
      laterMs: arrivesWithinMs(config),
      onTheWay: () => onTheWay(deployment),
      now: () => deployment.now + clock.now() - beganAt,
    });
    return {
      ...erasure,
      ...{ id, record: dryRun ? null : erasureKey(id), units: units.length, elsewhere },
      countsMentions: matcher.values.length <= MOST_MENTIONED,
    };
  } finally {
    parquet?.close();
    s3.destroy();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Units as tables have them where `privacy.redact` hashes: the value itself is in copies of requests, and in older rows. */
function hashedUnits(
  units: readonly Unit[],
  { privacy: { redact, salt = '' } }: Pick<Config, 'privacy'>,
): readonly Unit[] {
  if (!Object.values(redact).includes('hash')) return [];
  const redaction = new Redaction(redact, salt);
  return units.map((unit) => ({ ...unit, value: redaction.hash(unit.value) }));
}

/** Asks the plan of curation, as `sluice curate run` does. Days that are too young wait there for their night. */
async function askForDays(
  deployment: Deployment,
  days: Readonly<Record<ForwardedKind, readonly UtcDay[]>>,
): Promise<void> {
  if (!deployment.config.curate) return;
  const requests = forwardedKinds.flatMap((kind) =>
    daySlices(days[kind]).map((some) => ({
      ...({ sluice: 'curate', asked: 'run' } as const),
      ...{ kinds: [kind], days: some },
    })),
  );
  await sendRequests(deployment, 'curate-plan', requests);
}

/** Asks exports for the changed days that they have exported before, as `sluice export run` does: whatever their lookback. */
async function askForExports(
  deployment: Deployment,
  tables: Readonly<Record<string, readonly UtcDay[]>>,
): Promise<void> {
  const today = utcDay(deployment.now);
  for (const exported of deployment.config.exports) {
    // A day that has not ended is in the lookback of the next run.
    const changed = (tables[exported.table] ?? []).filter((day) => day < today).sort();
    const [states = []] = await readLedgerDays(deployment, [
      changed.map((day) => exportSubject(exported, day)),
    ]);
    const days = states.flatMap(({ day, entry }) => (entry === null ? [] : [day]));
    const requests = daySlices(days).map((some) => ({
      ...({ sluice: 'export' } as const),
      ...{ exports: [exported.name], days: some },
    }));
    if (requests.length > 0) await sendRequests(deployment, 'export', requests);
  }
}
