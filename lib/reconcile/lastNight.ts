import { countMetric, metricsLine } from '../base/log.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import {
  addDays,
  DAY_MS,
  HOUR_MS,
  isoTimestamp,
  isUtcDay,
  MINUTE_MS,
  type UtcDay,
  utcDay,
} from '../base/time.ts';
import type { PartitionCatalog } from '../landing/catalog/PartitionCatalog.ts';
import type { Config } from '../schema/config.ts';
import { receivedHoursTable } from '../tables/receivedHoursTable.ts';
import {
  type FolderLayout,
  receivedHoursFolder,
  receivedHoursKey,
  statsigFolders,
} from '../tables/tableFolders.ts';

/** The metric of the registrar's hourly run: hours since the last night that kept rows of the day before it. */
export const hoursSinceNight = countMetric('register', 'hours_since_night');

/** When a night begins, after midnight: infra/streams/schedules.ts. */
const NIGHT_MS = HOUR_MS + 10 * MINUTE_MS;
/**
 * A deployment makes the schedule of nights within this time after it has made the table. A night that was due in
 * between does not come.
 */
const DEPLOYED_MS = HOUR_MS;
/** More days than a table of received hours lacks at its end: one page has them. */
const FAR_DAYS = 400;

/** The newest day that the nights until then should have judged. @param at Epoch milliseconds. */
export function dueDay(at: number): UtcDay {
  return addDays(utcDay(at - NIGHT_MS), -1);
}

/** The newest day that a night has judged, and when its rows were written last, ISO 8601. */
export interface LastNight {
  /** The newest day that a night has judged, UTC. */
  readonly day: UtcDay;
  /**
   * Null: no night has judged a day since the table of received hours exists. `day` is then the last day that was due
   * before.
   */
  readonly at: string | null;
}

/** What is read of the last night, and where. */
interface NightReader {
  /** The deployment's bucket. */
  readonly store: Pick<ObjectStore, 'listPage'>;
  /** Says since when the table of received hours is there. */
  readonly catalog: Pick<PartitionCatalog, 'getTable'>;
  /** The settings that name the table's database and its folder. */
  readonly config: FolderLayout & Pick<Config, 'database'>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The last night that kept rows of the day before it. It takes one call of Glue, and one of S3 for each Statsig folder:
 * nights from before a change of the folder have kept their rows in the former one.
 *
 * @throws What the clients of S3 and Glue throw.
 */
export async function lastNight({ store, catalog, config, now }: NightReader): Promise<LastNight> {
  const { madeAt = 0 } = await catalog.getTable(config.database, receivedHoursTable.name);
  let last: LastNight = { day: dueDay(madeAt + DEPLOYED_MS), at: null };
  for (const statsigFolder of statsigFolders(config)) {
    const folder = receivedHoursFolder({ statsigFolder });
    const after = receivedHoursKey({ statsigFolder }, addDays(utcDay(now), -FAR_DAYS));
    const { items } = await store.listPage(folder, { after });
    for (const { key, modifiedAt } of items) {
      const day = key.slice(folder.length, -'.json'.length);
      // The bucket may have rows of an earlier deployment.
      if (isUtcDay(day) && day > last.day) last = { day, at: isoTimestamp(modifiedAt) };
    }
  }
  return last;
}

/** The line of the log with the metric {@link hoursSinceNight}. @throws What the clients of S3 and Glue throw. */
export async function nightLine(
  reader: NightReader,
  stage: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { day } = await lastNight(reader);
  const hours = (reader.now - Date.parse(day) - DAY_MS - NIGHT_MS) / HOUR_MS;
  return metricsLine([[hoursSinceNight, Math.floor(hours)]], { stage }, reader.now);
}
