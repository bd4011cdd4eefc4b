import { DAY_MS } from '../base/time.ts';
import { KnownGroups } from '../groups/KnownGroups.ts';
import type { Config } from '../schema/config.ts';
import { experimentNames, type ResolvedName } from '../wire/experimentNames.ts';
import { holdoutTest } from '../wire/isAssignment.ts';
import { Redaction } from '../wire/Redaction.ts';
import { type EventFilter, eventFilter } from './eventFilter.ts';
import { Evaluations, type ExposurePlan } from './exposures.ts';
import { rowRuns } from './RowPlan.ts';

/** What a configuration decides about collecting, prepared once and used for every batch. */
export interface CollectPlan extends ExposurePlan {
  readonly resolveExperiment: (sent: string) => ResolvedName;
  readonly landTelemetry: boolean;
  /** Which events land by their names; null when all do. */
  readonly filter: EventFilter | null;
}

/** What of the configuration is about collecting. */
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
 * The plan by what is known of experiment groups at the moment: another one is made when that changes.
 *
 * @param groups Whose `current` is another object whenever it says something else.
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
 * @param known What the table of experiment groups says. Default nothing.
 */
export function collectPlan(config: CollectConfig, known: KnownGroups = KnownGroups.none): CollectPlan {
  const { redact, salt = '' } = config.privacy;
  const resolveExperiment = experimentNames([...known.names, ...config.experiments]);
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
