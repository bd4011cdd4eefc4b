import type { Source } from '../../lib/config/sourcesSchema.ts';
import type { PlanSourcesPorts } from '../../lib/ingest/plan/planSources.ts';

/** All that one invocation of the plan works with. */
export interface Planner extends PlanSourcesPorts {
  readonly sources: readonly Source[];
  /** `--stage` of the deployment. */
  readonly stage: string;
  readonly log: (fields: Record<string, unknown>) => void;
}
