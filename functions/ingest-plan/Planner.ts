import type { ExpectedDropsPorts } from '../../lib/drops/plan/expectedDrops.ts';
import type { PlanSourcesPorts } from '../../lib/drops/plan/planSources.ts';
import type { Turns } from '../../lib/drops/plan/trigger.ts';
import type { Source } from '../../lib/schema/sources.ts';

/** All that one invocation of the plan works with. */
export interface Planner extends PlanSourcesPorts, Pick<ExpectedDropsPorts, 'lateNotes'> {
  readonly sources: readonly Source[];
  /** `--stage` of the deployment. */
  readonly stage: string;
  readonly turns: Pick<Turns, 'giveBack'>;
  readonly log: (fields: Record<string, unknown>) => void;
}
