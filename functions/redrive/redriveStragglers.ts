import { errorFolder } from '../../lib/layout/errorKey.ts';
import { overflowFolder } from '../../lib/layout/overflowKey.ts';
import { redriveObject } from '../../lib/redrive/redriveObject.ts';
import { tableKinds } from '../../lib/tables/deliveredTables.ts';
import type { Redriver } from './Redriver.ts';
import { Tally } from './Tally.ts';

/** An object that has waited for so long has lost its message, or its message its tries. */
const STRAGGLER_MS = 15 * 60_000;
/** No queue counts the tries of what lost its message: after a day it is parked. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** What the run for stragglers did. */
export interface StragglersReport {
  readonly event: 'redrive_stragglers';
  readonly [field: string]: unknown;
}

/**
 * Redrives what has waited in overflow and errors for long, whatever became of its message, until the time is up:
 * the next run goes on.
 */
export async function redriveStragglers(redriver: Redriver): Promise<StragglersReport> {
  const { store, clock, deadline, claimUntil, log } = redriver;
  const tally = new Tally(log);
  let unread: string | undefined;
  try {
    for (const folder of [overflowFolder, errorFolder].flatMap((of) => tableKinds.map(of))) {
      for await (const { key, modifiedAt } of store.list(folder)) {
        const age = clock.now() - modifiedAt;
        if (age < STRAGGLER_MS) continue;
        if (clock.now() >= deadline) break;
        tally.add(
          key,
          await redriveObject(key, redriver, { deadline, claimUntil, last: age >= LONGEST_WAIT_MS }),
        );
      }
    }
  } catch (error) {
    unread = error instanceof Error ? error.name : String(error);
  }
  const report = {
    level: tally.kept > 0 || unread !== undefined ? 'error' : 'info',
    event: 'redrive_stragglers',
    ...tally.fields(),
    ...(unread === undefined ? {} : { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: unread }),
  } as const;
  log(report);
  return report;
}
