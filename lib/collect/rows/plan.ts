import { DAY_MS } from '../../base/time.ts';
import { KnownGroups } from '../../groups/KnownGroups.ts';
import type { Config } from '../../schema/config.ts';
import { listExperiments } from '../../schema/names.ts';
import { eventColumns, eventDetailColumns, userObjectColumn } from '../../tables/eventsTable.ts';
import { exposureColumns, exposureDetailColumns, userDimensionsColumn } from '../../tables/exposuresTable.ts';
import { memberWriter, textMembers } from '../../tables/memberWriter.ts';
import {
  customIdsColumn,
  receiptColumns,
  sdkColumns,
  senderMetadataColumn,
  timeColumns,
  unitColumns,
  unitIdColumns,
} from '../../tables/sharedColumns.ts';
import { experimentNames } from '../../wire/experimentNames.ts';
import { type HoldoutTest, holdoutTest } from '../../wire/isAssignment.ts';
import { Redaction } from '../../wire/Redaction.ts';
import { type EventFilter, eventFilter } from '../eventFilter.ts';
import { Evaluations } from './Evaluations.ts';

/** The configuration of collecting, prepared once and used for every batch. */
export interface CollectPlan {
  /** Chooses events by their names; null when all land. */
  readonly filter: EventFilter | null;
  /** Whether events that SDKs log about themselves land. Otherwise they are counted. */
  readonly landTelemetry: boolean;
  /** Writes what an exposure says of its evaluation. */
  readonly evaluations: Evaluations;
  /** Null when no holdout is known. */
  readonly isHeldOut: HoldoutTest | null;
  /** Unit types that have a column of their own, each with the name of that column. */
  readonly unitIds: readonly (readonly [unitId: string, column: string])[];
  /** Applied to events before they are written; null for none. */
  readonly redaction: Redaction | null;
  /** How far an event's time can be before its arrival and still determine its day, in milliseconds. */
  readonly pastMs: number;
  /** How far an event's time can be after its arrival and still determine its day, in milliseconds. */
  readonly futureMs: number;
  /** Writers of the columns of both tables, in runs with the same source. */
  readonly columns: ColumnWriters;
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

/** The writers that {@link columnWriters} makes. */
type ColumnWriters = ReturnType<typeof columnWriters>;

/** Writers of the columns of both tables, in runs with the same source. A row has them in the order of the table. */
function columnWriters(config: Pick<Config, 'unitIds'>) {
  return {
    shared: {
      units: memberWriter(unitColumns, unitIdColumns(config)),
      customIds: textMembers([customIdsColumn]),
      times: textMembers(timeColumns),
      receipt: memberWriter(receiptColumns),
      senderMetadata: textMembers([senderMetadataColumn]),
      sdk: memberWriter(sdkColumns),
    },
    exposures: {
      own: memberWriter(exposureColumns),
      user: textMembers([userDimensionsColumn]),
      details: textMembers(exposureDetailColumns),
    },
    events: {
      own: memberWriter(eventColumns),
      user: textMembers([userObjectColumn]),
      details: textMembers(eventDetailColumns),
    },
  };
}
