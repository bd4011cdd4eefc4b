import { planMessages } from '../../../../lib/drops/plan/planMessages.ts';
import type { PlanSourcesPorts } from '../../../../lib/drops/plan/planSources.ts';
import type { startIngest } from './startIngest.ts';

/** What {@link startIngest} makes. */
export type Ingest = Awaited<ReturnType<typeof startIngest>>;

/** The part of the source `acme` of a run that began long ago. */
export const PART_OF_RUN = JSON.stringify({ sluice: 'plan', schedule: 'daily', sources: ['acme'], run: 1 });

/** A planner whose time is up after some seconds: each call to list takes five of them. */
export function slowPlanner(ingest: Ingest, seconds: number) {
  const { bucketOf, ...others } = ingest.planner();
  const looked: string[] = [];
  const listedTooLate: string[] = [];
  const deadline = ingest.clock.now() + seconds * 1_000;
  const slowly: PlanSourcesPorts['bucketOf'] = (source, dataset) => {
    const bucket = bucketOf(source, dataset);
    return {
      async list(request) {
        if (looked.at(-1) !== dataset.name) looked.push(dataset.name);
        if (ingest.clock.now() >= deadline) listedTooLate.push(request.prefix);
        await ingest.clock.advance(5_000);
        return bucket.list(request);
      },
    };
  };
  return {
    /** Datasets in the order in which they were listed. */
    looked,
    /** Folders whose list call began after the deadline. */
    listedTooLate,
    planner: { ...others, bucketOf: slowly, deadline },
  };
}

/** Has a planner work off one message. @returns Whether the message comes again. */
export async function planOne(
  planner: ReturnType<typeof slowPlanner>['planner'],
  body: string,
): Promise<boolean> {
  const { batchItemFailures } = await planMessages(planner, [{ messageId: '0', body, receives: 1 }]);
  return batchItemFailures.length > 0;
}
