import type { Source } from '../../lib/config/sourcesSchema.ts';
import type { ExpectedDropsPorts } from '../../lib/ingest/plan/expectedDrops.ts';
import type { PlanSourcesPorts } from '../../lib/ingest/plan/planSources.ts';
import type { Turns } from '../../lib/ingest/trigger/startSources.ts';

/** All that one invocation of the plan works with. */
export interface Planner extends PlanSourcesPorts, Pick<ExpectedDropsPorts, 'lateNotes'> {
  readonly sources: readonly Source[];
  /** `--stage` of the deployment. */
  readonly stage: string;
  readonly turns: Pick<Turns, 'giveBack'>;
  readonly log: (fields: Record<string, unknown>) => void;
}
