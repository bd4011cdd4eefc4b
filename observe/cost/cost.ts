import type { Stack } from '../../infra/template/Stack.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { type MonthlyUsage, monthlyCost, notIncluded, scaleUsage } from './monthlyCost.ts';
import { measureSample, readSample, sampleMonth } from './sampleUsage.ts';
import { measureStage } from './stageUsage.ts';

/** Events of a month where nobody says how many: fixed costs are spread over them. */
const USUAL_EVENTS = 100_000_000;

/** The cost of a month at list prices of us-east-1, as JSON: docs/reference/json.md. */
export type Cost = ReturnType<typeof describeCost>;

/**
 * Calculates a month from a sample of bodies, before anything is deployed.
 *
 * @param file See {@link readSample}.
 * @param events Events of the month. Default 100 million.
 * @throws SampleError
 */
export function costOfSample(file: Uint8Array, stack: Stack, events = USUAL_EVENTS): Cost {
  const sample = measureSample(readSample(file));
  const { requests, events: sampled } = sample;
  return describeCost(sampleMonth(sample, events, stack.config), stack, {
    kind: 'sample',
    requests,
    events: sampled,
  });
}

/**
 * Calculates a month from the metrics of a stage.
 *
 * @param options `days` to look back; `events` of the month, default as many as the stage gets.
 * @throws StageUsageError; what CloudWatch's client throws.
 */
export async function costOfStage(
  deployment: Pick<Deployment, 'aws' | 'cloudwatch' | 'config' | 'stack' | 'now'>,
  { days, events }: { readonly days: number; readonly events: number | undefined },
): Promise<Cost> {
  const { usage, since, until } = await measureStage(deployment, days);
  const { service, stage } = deployment.stack;
  const scaled = events === undefined ? usage : scaleUsage(usage, events);
  return describeCost(
    scaled,
    { config: deployment.config, service, stage },
    {
      kind: 'stage',
      stack: `${service}-${stage}`,
      since: isoTimestamp(since),
      until: isoTimestamp(until),
    },
  );
}

/** The source of a calculation. */
type Source =
  | { readonly kind: 'sample'; readonly requests: number; readonly events: number }
  | { readonly kind: 'stage'; readonly stack: string; readonly since: string; readonly until: string };

function describeCost(usage: MonthlyUsage, stack: Stack, source: Source) {
  const { parts, usdPerMonth, usdPerMillion } = monthlyCost(usage, stack);
  return {
    usd_per_million: usdPerMillion,
    usd_per_month: usdPerMonth,
    parts,
    usage: { events: usage.events, requests: usage.requests },
    source,
    not_included: notIncluded(parts, source.kind),
  };
}
