import type { Config } from '../config/configSchema.ts';
import { experimentNames, type ResolvedName } from '../statsig/experimentNames.ts';
import { forwardedTables } from '../tables/forwardedTables.ts';
import { type MemberWriter, memberWriter } from '../tables/memberWriter.ts';
import type { TableKind } from '../tables/Table.ts';
import { DAY_MS } from '../time/utcDay.ts';

/** What a configuration decides about collecting, prepared once and used for every batch. */
export interface CollectPlan {
  readonly unitIds: readonly (readonly [unitId: string, column: string])[];
  readonly resolveExperiment: (sent: string) => ResolvedName;
  readonly landTelemetry: boolean;
  /** How far a time may lie from its arrival and still choose its day, in milliseconds. */
  readonly pastMs: number;
  readonly futureMs: number;
  readonly runs: Record<TableKind, RowRuns>;
}

/** Writers of a table's columns in the runs that share a source, in the table's order. */
export interface RowRuns {
  /** What was evaluated, or the event's name and value. */
  readonly own: MemberWriter;
  readonly units: MemberWriter;
  readonly times: MemberWriter;
  readonly received: MemberWriter;
  /** Environment and user. */
  readonly user: MemberWriter;
  /** Exposures only. */
  readonly secondary: MemberWriter;
  readonly metadata: MemberWriter;
  readonly sender: MemberWriter;
}

/** Prepares a configuration for collecting. */
export function collectPlan(config: Config): CollectPlan {
  const { exposures, events } = forwardedTables(config);
  return {
    unitIds: Object.entries(config.unitIds),
    resolveExperiment: experimentNames(config.experiments),
    landTelemetry: config.landTelemetry,
    pastMs: config.timeWindow.pastDays * DAY_MS,
    futureMs: config.timeWindow.futureDays * DAY_MS,
    runs: {
      exposures: {
        own: memberWriter(exposures, 'experiment_id', 'user_id'),
        units: memberWriter(exposures, 'user_id', 'timestamp'),
        times: memberWriter(exposures, 'timestamp', 'received_at'),
        received: memberWriter(exposures, 'received_at', 'environment'),
        user: memberWriter(exposures, 'environment', 'secondary_exposures'),
        secondary: memberWriter(exposures, 'secondary_exposures', 'metadata'),
        metadata: memberWriter(exposures, 'metadata', 'statsig_metadata'),
        sender: memberWriter(exposures, 'statsig_metadata'),
      },
      events: {
        own: memberWriter(events, 'event_name', 'user_id'),
        units: memberWriter(events, 'user_id', 'timestamp'),
        times: memberWriter(events, 'timestamp', 'received_at'),
        received: memberWriter(events, 'received_at', 'environment'),
        user: memberWriter(events, 'environment', 'company_metadata'),
        secondary: () => '',
        metadata: memberWriter(events, 'company_metadata', 'statsig_metadata'),
        sender: memberWriter(events, 'statsig_metadata'),
      },
    },
  };
}
