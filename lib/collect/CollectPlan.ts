import { DAY_MS } from '../base/time.ts';
import { KnownGroups } from '../groups/KnownGroups.ts';
import type { Config } from '../schema/config.ts';
import { listExperiments } from '../schema/names.ts';
import { experimentNames, type ResolvedName } from '../wire/experimentNames.ts';
import { holdoutTest } from '../wire/isAssignment.ts';
import { Redaction } from '../wire/Redaction.ts';
import { type EventFilter, eventFilter } from './eventFilter.ts';
import { Evaluations, type ExposurePlan } from './exposures.ts';
import { rowRuns } from './RowPlan.ts';

/** The configuration of collecting, prepared once and used for every batch. */
export interface CollectPlan extends ExposurePlan {
  readonly resolveExperiment: (sent: string) => ResolvedName;
  readonly landTelemetry: boolean;
  /** Which events land, by their names; null when all do. */
  readonly filter: EventFilter | null;
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
  const runs = rowRuns(config);
  return {
    evaluations: new Evaluations(runs.exposures.own, resolveExperiment, known),
    unitIds: Object.entries(config.unitIds),
    resolveExperiment,
    isHeldOut: holdoutTest([...known.holdouts, ...(config.holdouts ?? [])]),
    landTelemetry: config.landTelemetry,
    redaction: Object.keys(redact).length === 0 ? null : new Redaction(redact, salt),
    filter: eventFilter(config, resolveExperiment),
    pastMs: config.timeWindow.pastDays * DAY_MS,
    futureMs: config.timeWindow.futureDays * DAY_MS,
    runs,
  };
}
