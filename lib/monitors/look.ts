import type { ObjectStore } from '../base/ObjectStore.ts';
import { type QueryRow, quoteText } from '../base/sql.ts';
import { addDays, utcDay } from '../base/time.ts';
import { collectMetrics } from '../collect/collectMetrics.ts';
import {
  MOST_LISTED,
  namesQuery,
  readGroupUnits,
  readName,
  unitsQuery,
} from '../experiments/experimentListQueries.ts';
import { chooseUnits, countedNames, judgeSplits, mergeNames } from '../experiments/judgeSplits.ts';
import { readKnownExperiments } from '../experiments/knownExperiments.ts';
import {
  eventsQuery,
  MOST_EVENTS,
  readDayParts,
  readEvent,
  typedPropertiesQuery,
} from '../names/nameQueries.ts';
import type { Config } from '../schema/config.ts';
import { FRESH_DAYS, MONITORED_DAYS, type Monitors } from '../schema/fields/monitors.ts';
import { forwardedKinds } from '../schema/kinds.ts';
import { unitColumnNames } from '../views/unitTypes.ts';
import { PRODUCTION, qualifiedName, type ViewConfig } from '../views/View.ts';
import { judgeExperiments, judgeFreshness, judgeNames, judgeRefusals } from './judge.ts';
import type { IsOpen, Look, MonitorName } from './monitorFindings.ts';

/** The part of the configuration that monitors use. */
export type MonitorConfig = ViewConfig &
  Pick<Config, 'statsigFolder'> & {
    readonly monitors: Monitors;
    /** Whose tables are ingested. */
    readonly sources: readonly { readonly datasets: readonly { readonly table: string }[] }[];
  };

/** A metric of the collector. */
export interface CountedMetric {
  readonly name: string;
  readonly statistic: 'Sum' | 'SampleCount';
}

/** The sources of a look. */
export interface MonitorPorts {
  readonly config: MonitorConfig;
  readonly store: ObjectStore;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Runs a query in the dialect of Athena. */
  readonly ask: (sql: string) => Promise<readonly QueryRow[]>;
  /** Reads what the collector counted within 24 hours, in the order of the metrics. */
  readonly count: (metrics: readonly CountedMetric[]) => Promise<readonly number[]>;
}

/** Looks at what one monitor watches: rows of production. @throws What the ports throw. */
export function look(ports: MonitorPorts, monitor: MonitorName, isOpen: IsOpen): Promise<Look> {
  const { sampleRatio, freshness, events, refused } = ports.config.monitors;
  if (monitor === 'sampleRatio' && sampleRatio !== false)
    return lookAtExperiments(ports, sampleRatio, isOpen);
  if (monitor === 'freshness' && freshness !== false) return lookAtTables(ports, freshness, isOpen);
  if (monitor === 'events' && events !== false) return lookAtNames(ports, events, isOpen);
  if (monitor === 'refused' && refused !== false) return lookAtRefusals(ports, refused, isOpen);
  return Promise.resolve({ monitor, found: [], isUnknown: () => false });
}

async function lookAtExperiments(
  { config, store, now, ask }: MonitorPorts,
  options: Exclude<Monitors['sampleRatio'], false>,
  isOpen: IsOpen,
): Promise<Look> {
  const known = await readKnownExperiments(store, config);
  const rows = { environment: PRODUCTION, from: addDays(utcDay(now), 1 - options.days) };
  const names = await ask(namesQuery(config, rows));
  const entries = chooseUnits(
    mergeNames(names.slice(0, MOST_LISTED).map(readName(unitColumnNames(config))), known),
  );
  const groups = entries.length === 0 ? [] : await ask(unitsQuery(config, rows, countedNames(entries)));
  const { alpha } = options;
  const judged = judgeSplits(entries, groups.map(readGroupUnits), { known, from: rows.from, alpha });
  return judgeExperiments(judged, options, { now, isOpen });
}

async function lookAtRefusals(
  { count }: MonitorPorts,
  options: Exclude<Monitors['refused'], false>,
  isOpen: IsOpen,
): Promise<Look> {
  const { received, refused_requests, quarantined, quarantine_overflowed } = collectMetrics;
  const [requests = 0, refused = 0, events = 0, landed = 0, overflowed = 0] = await count([
    // The number of its values is the number of requests.
    { name: received.name, statistic: 'SampleCount' },
    { name: refused_requests.name, statistic: 'Sum' },
    { name: received.name, statistic: 'Sum' },
    { name: quarantined.name, statistic: 'Sum' },
    { name: quarantine_overflowed.name, statistic: 'Sum' },
  ]);
  return judgeRefusals({ requests, refused, events, quarantined: landed + overflowed }, options, isOpen);
}

async function lookAtTables(
  { config, now, ask }: MonitorPorts,
  options: Exclude<Monitors['freshness'], false>,
  isOpen: IsOpen,
): Promise<Look> {
  const tables = [
    ...forwardedKinds.map((kind) => ({ table: config.tables[kind], column: 'received_at' })),
    ...config.sources.flatMap(({ datasets }) =>
      datasets.map(({ table }) => ({ table, column: 'ingested_at' })),
    ),
  ].filter(({ table }) => options.tables[table] !== false);
  if (tables.length === 0) return judgeFreshness([], options, { now, isOpen });
  const from = `DATE ${quoteText(addDays(utcDay(now), -FRESH_DAYS))}`;
  const parts = tables.map(
    ({ table, column }) =>
      `SELECT ${quoteText(table)} AS "name", CAST(to_unixtime(max("${column}")) * 1000 AS bigint) AS "newest"
FROM ${qualifiedName(config, table)} WHERE "ds" >= ${from}`,
  );
  const answer = await ask(parts.join('\nUNION ALL\n'));
  const newest = new Map(answer.map((row) => [row['name'], row['newest'] ?? null]));
  const facts = tables.map(({ table }) => {
    const at = newest.get(table) ?? null;
    return { table, newestAt: at === null ? null : Number(at) };
  });
  return judgeFreshness(facts, options, { now, isOpen });
}

async function lookAtNames(
  { config, now, ask }: MonitorPorts,
  options: Exclude<Monitors['events'], false>,
  isOpen: IsOpen,
): Promise<Look> {
  const rows = { environment: PRODUCTION, from: addDays(utcDay(now), -MONITORED_DAYS) };
  const events = (await ask(eventsQuery(config, rows))).map(readEvent);
  const typed = events.length === 0 ? [] : await ask(typedPropertiesQuery(config, rows));
  return judgeNames(
    {
      from: rows.from,
      events: events.slice(0, MOST_EVENTS),
      properties: typed.map((row) => ({
        event: row['event'] ?? '',
        property: row['property'] ?? '',
        parts: readDayParts(row),
      })),
      isCut: events.length > MOST_EVENTS,
    },
    options,
    isOpen,
  );
}
