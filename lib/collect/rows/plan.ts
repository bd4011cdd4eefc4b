import { DAY_MS } from '../../base/time.ts';
import { KnownGroups } from '../../groups/KnownGroups.ts';
import type { Config } from '../../schema/config.ts';
import { listExperiments } from '../../schema/names.ts';
import { forwardedTables } from '../../tables/deliveredTables.ts';
import { jsonMember, memberWriter } from '../../tables/memberWriter.ts';
import type { Table } from '../../tables/Table.ts';
import { experimentNames } from '../../wire/experimentNames.ts';
import { type HoldoutTest, holdoutTest } from '../../wire/isAssignment.ts';
import { Redaction } from '../../wire/Redaction.ts';
import { type EventFilter, eventFilter } from '../eventFilter.ts';
import { Evaluations } from './exposures.ts';

/** The configuration of collecting, prepared once and used for every batch. */
export interface CollectPlan {
  /** Chooses events by their names; null when all land. */
  readonly filter: EventFilter | null;
  /** Whether events that SDKs log about themselves land. Otherwise they are counted. */
  readonly landTelemetry: boolean;
  readonly evaluations: Evaluations;
  /** Null when no holdout is known. */
  readonly isHeldOut: HoldoutTest | null;
  readonly unitIds: readonly (readonly [unitId: string, column: string])[];
  /** Applied to events before they are written; null for none. */
  readonly redaction: Redaction | null;
  /** How far an event's time can be from its arrival and still determine its day, in milliseconds. */
  readonly pastMs: number;
  readonly futureMs: number;
  readonly columns: ReturnType<typeof columnWriters>;
}

/** The part of the configuration that collecting needs. */
type CollectConfig = Pick<
  Config,
  | 'tables'
  | 'unitIds'
  | 'timeWindow'
  | 'experiments'
  | 'holdouts'
  | 'landTelemetry'
  | 'events'
  | 'exposures'
  | 'privacy'
>;

/**
 * Provides the plan for the experiment groups that are known now. A new plan is made when they change.
 *
 * @param groups Its `current` is a different object after each change.
 */
export function planProvider(
  config: CollectConfig,
  groups: { readonly current: KnownGroups },
): () => CollectPlan {
  let known: KnownGroups | null = null;
  let plan: CollectPlan | null = null;
  return () => {
    if (plan === null || known !== groups.current) {
      known = groups.current;
      plan = collectPlan(config, known);
    }
    return plan;
  };
}

/**
 * Prepares a configuration for collecting.
 *
 * @param known The content of the table of experiment groups. Default empty.
 */
export function collectPlan(config: CollectConfig, known: KnownGroups = KnownGroups.none): CollectPlan {
  const { redact, salt = '' } = config.privacy;
  const resolveExperiment = experimentNames([...known.names, ...listExperiments(config)]);
  const columns = columnWriters(config);
  return {
    filter: eventFilter(config, resolveExperiment),
    landTelemetry: config.landTelemetry,
    evaluations: new Evaluations(columns.exposures.own, resolveExperiment, known),
    isHeldOut: holdoutTest([...known.holdouts, ...(config.holdouts ?? [])]),
    unitIds: Object.entries(config.unitIds),
    redaction: Object.keys(redact).length === 0 ? null : new Redaction(redact, salt),
    pastMs: config.timeWindow.pastDays * DAY_MS,
    futureMs: config.timeWindow.futureDays * DAY_MS,
    columns,
  };
}

/** Writers of the columns of both tables, in runs with the same source. A row has them in the order of the table. */
function columnWriters(config: Pick<Config, 'tables' | 'unitIds'>) {
  const { exposures, events } = forwardedTables(config);
  // Both tables have these, in the same order.
  const shared = (table: Table, user: string) => ({
    units: memberWriter(table, 'user_id', 'custom_ids'),
    customIds: jsonMember(table, 'custom_ids'),
    timestamp: jsonMember(table, 'timestamp'),
    clientTimestamp: jsonMember(table, 'client_timestamp'),
    received: memberWriter(table, 'received_at', 'environment'),
    environment: memberWriter(table, 'environment', user),
    senderMetadata: jsonMember(table, 'statsig_metadata'),
    sender: memberWriter(table, 'session_id'),
  });
  return {
    shared: shared(exposures, 'user_dimensions'),
    exposures: {
      own: memberWriter(exposures, 'experiment_id', 'user_id'),
      user: jsonMember(exposures, 'user_dimensions'),
      secondary: jsonMember(exposures, 'secondary_exposures'),
      metadata: jsonMember(exposures, 'metadata'),
    },
    events: {
      own: memberWriter(events, 'event_name', 'user_id'),
      user: jsonMember(events, 'user_object'),
      metadata: jsonMember(events, 'company_metadata'),
    },
  };
}
