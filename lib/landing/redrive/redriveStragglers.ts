import { tableKinds } from '../../schema/kinds.ts';
import { errorFolder } from '../../tables/errorKey.ts';
import { overflowFolder } from '../../tables/overflowKey.ts';
import { PARKED_FOLDER } from '../../tables/parkedKey.ts';
import type { Redriven } from './Redrive.ts';
import type { Redriver } from './Redriver.ts';
import type { RedriveStore } from './RedriveStore.ts';
import { redriveObject } from './redriveObject.ts';
import { Tally } from './Tally.ts';

/** An object that has waited for so long has lost its message, or its message its tries. */
const STRAGGLER_MS = 15 * 60_000;
/** No queue counts the tries of what lost its message: after a day it is parked. */
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** How often the schedule runs it (infra/schedules.ts). */
const RUN_MS = 5 * 60_000;
/** Parked objects that are counted at most: ten calls. */
const MOST_PARKED = 10_000;

const FOLDERS = [overflowFolder, errorFolder].flatMap((folderOf) => tableKinds.map(folderOf));

/** What the run for stragglers did. */
export interface StragglersReport {
  readonly event: 'redrive_stragglers';
  readonly [field: string]: unknown;
}

/**
 * Redrives what has waited in overflow and errors for long, whatever became of its message, until the time is up:
 * the next run goes on. It leaves a folder as soon as its stream takes nothing, and each run starts with another, so
 * that a stream that hangs takes no other's turn.
 *
 * Its line in the log has how many objects are parked, which the alarm looks at.
 */
export async function redriveStragglers(redriver: Redriver): Promise<StragglersReport> {
  const { store, clock, log } = redriver;
  const tally = new Tally(log);
  const first = Math.floor(clock.now() / RUN_MS) % FOLDERS.length;
  let unread: string | undefined;
  let parked: number | undefined;
  try {
    for (const folder of [...FOLDERS.slice(first), ...FOLDERS.slice(0, first)])
      await redriveFolder(folder, redriver, tally);
    parked = await countParked(store);
  } catch (error) {
    unread = error instanceof Error ? error.name : String(error);
  }
  const report = {
    level: tally.kept > 0 || unread !== undefined ? 'error' : 'info',
    event: 'redrive_stragglers',
    ...tally.fields(),
    ...(parked === undefined ? {} : { parked }),
    ...(unread === undefined ? {} : { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: unread }),
  } as const;
  log(report);
  return report;
}

async function redriveFolder(folder: string, redriver: Redriver, tally: Tally): Promise<void> {
  const { store, clock, deadline, claimUntil } = redriver;
  for await (const { key, modifiedAt } of store.list(folder)) {
    // Also of those that are left alone: a folder may have more of them than there is time to list.
    if (clock.now() >= deadline) return;
    const age = clock.now() - modifiedAt;
    if (age < STRAGGLER_MS) continue;
    const redriven = await redriveObject(key, redriver, {
      deadline,
      claimUntil,
      last: age >= LONGEST_WAIT_MS,
    });
    tally.add(key, redriven);
    if (isStreamAway(redriven)) return;
  }
}

/** Whether it was the stream that took nothing: the next object would wait for it as long. */
function isStreamAway(redriven: Redriven): boolean {
  return (
    'code' in redriven &&
    (redriven.code === 'SLUICE_REDRIVE_NOT_DELIVERED' || redriven.code === 'SLUICE_REDRIVE_NOT_QUARANTINED')
  );
}

async function countParked(store: RedriveStore): Promise<number> {
  let count = 0;
  for await (const _ of store.list(PARKED_FOLDER)) {
    count += 1;
    if (count === MOST_PARKED) break;
  }
  return count;
}
