import type { Stack } from '../../infra/template/Stack.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { type MonthlyCost, type MonthlyUsage, monthlyCost, notIncluded, scaleUsage } from './monthlyCost.ts';
import { measureSample, readSample, sampleMonth } from './sampleUsage.ts';
import { FUNCTION_MEGABYTES, measureStage } from './stageUsage.ts';

/** Events of a month where nobody says how many: fixed costs are spread over them. */
const USUAL_EVENTS = 100_000_000;

/** The cost of a month, and its reasons. */
export interface Cost extends MonthlyCost {
  readonly usage: MonthlyUsage;
  readonly notIncluded: readonly string[];
  /** The source of the calculation. */
  readonly source:
    | {
        readonly kind: 'sample';
        readonly requests: number;
        readonly events: number;
      }
    | { readonly kind: 'stage'; readonly stack: string; readonly since: number; readonly until: number };
  /** Region of the deployment. Prices are those of us-east-1. */
  readonly region: string;
}

/**
 * Calculates a month from a sample of bodies, before anything is deployed.
 *
 * @param file See {@link readSample}.
 * @param events Events of the month. Default 100 million.
 * @throws SampleError
 */
export function costOfSample(file: Uint8Array, stack: Stack, events = USUAL_EVENTS): Cost {
  const bodies = readSample(file);
  const sample = measureSample(bodies);
  const usage = sampleMonth(sample, events, stack.config, FUNCTION_MEGABYTES);
  const { requests, events: sampled } = sample;
  return describeCost(usage, stack, { kind: 'sample', requests, events: sampled });
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
  const stack = { config: deployment.config, service, stage };
  return describeCost(scaled, stack, { kind: 'stage', stack: `${service}-${stage}`, since, until });
}

function describeCost(usage: MonthlyUsage, stack: Stack, source: Cost['source']): Cost {
  const cost = monthlyCost(usage, stack);
  return {
    ...cost,
    usage,
    notIncluded: notIncluded(cost, source.kind, stack.config),
    source,
    region: stack.config.region,
  };
}

/** The cost as documented JSON: docs/reference/cli.md. */
export function costJson({ usdPerMillion, usdPerMonth, parts, usage, source, ...rest }: Cost) {
  return {
    usd_per_million: usdPerMillion,
    usd_per_month: usdPerMonth,
    parts,
    usage: {
      events: usage.events,
      requests: usage.requests,
      invocations: usage.invocations,
      gigabyte_seconds: usage.gigabyteSeconds,
      write_invocations: usage.write.invocations,
      write_gigabyte_seconds: usage.write.gigabyteSeconds,
      record_bytes: usage.recordBytes,
      billed_bytes: usage.billedBytes,
      objects: usage.landing?.objects ?? null,
      files: usage.landing?.files ?? null,
      stored_bytes: usage.storedBytes,
      log_bytes: usage.logBytes,
      metrics: usage.metrics,
      athena_bytes: usage.athenaBytes,
    },
    source:
      source.kind === 'sample'
        ? source
        : { ...source, since: isoTimestamp(source.since), until: isoTimestamp(source.until) },
    not_included: rest.notIncluded,
  };
}
