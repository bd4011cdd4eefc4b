import type { Config } from '../../lib/schema/config.ts';
import { BILLED_STEP_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { COST_PARTS, type CostPart, type MonthlyCost, type MonthlyUsage } from './monthlyCost.ts';

/** Events of a request from which more events hardly make it cheaper. */
const MANY_EVENTS = 100;

/** What changes the price of each part, in a sentence for people with the usage at hand. */
export function costLevers(
  { parts }: MonthlyCost,
  usage: MonthlyUsage,
  config: Pick<Config, 'buffering' | 'endpoint' | 'logs' | 'retention'>,
): Readonly<Partial<Record<CostPart, string>>> {
  const perRequest = usage.requests === 0 ? 0 : usage.events / usage.requests;
  const isFew = perRequest < MANY_EVENTS;
  const rounding = usage.payloadBytes === 0 ? 1 : usage.billedBytes / usage.payloadBytes;
  const { seconds } = config.buffering;
  const { forwardedDays } = config.retention;
  const all: Record<CostPart, string> = {
    gateway: hasGateway(config.endpoint)
      ? `Events of a request: ${number(perRequest)}. ${
          isFew
            ? "A longer flush interval or a larger queue of the SDKs means fewer requests: twice as many events a request cost half (js-client: loggingIntervalMs; servers: the SDK's own). A Function URL costs nothing for a request, and has less (endpoint.kind; docs/deploy.md)."
            : 'More hardly make it cheaper.'
        }`
      : 'A Function URL costs nothing for a request (endpoint.kind).',
    lambda: `Events of a request, as for the gateway: an invocation mostly waits for Firehose. arm64 costs a fifth less than x86_64 (architecture).`,
    firehose_ingest: `Firehose bills each record rounded up to ${BILLED_STEP_BYTES / 1_024} KB: ${number(rounding)} times the bytes of the rows. ${
      rounding > 1.2
        ? 'More events a request fill the records.'
        : 'The records are full; only fewer or smaller events cost less (events.deny, exposures.deny, privacy.redact).'
    }`,
    firehose_conversion: 'As firehose_ingest: the same bytes are converted to Parquet.',
    firehose_partitioning:
      'Bytes of the rows: events that nobody reads (events.deny, exposures.deny) and large members of users (privacy.redact: drop).',
    firehose_objects: `Files: ${number(usage.objects ?? 0)} a month. buffering.seconds is ${seconds}${
      seconds < 900 ? '; 900 makes fewer files, and rows arrive later' : ', the maximum'
    }.`,
    firehose_jq: 'Rows: each passes one short jq expression.',
    queues:
      'Fixed: Lambda polls each queue all the time, for $0.26 a month. Sources, exports and curate add queues.',
    s3_requests: 'Files, as firehose_objects, and $0.43 for a run that lists what waits every five minutes.',
    s3_storage:
      forwardedDays === null
        ? 'retention.forwardedDays is null: rows are kept for good.'
        : `retention.forwardedDays is ${forwardedDays}.`,
    athena:
      'Queries that restrict ds and select few columns read less; athena.scanLimitGigabytes limits each.',
    logs: `logs.successes is ${config.logs.successes}; the rest are metrics and Lambda's own lines, so fewer requests cost less. logs.retentionDays limits their storage.`,
    metrics: `Fixed: ${number(usage.metrics)} custom metrics, billed for the hours in which they have values.`,
    alarms: 'Fixed: the alarms of the configuration.',
    keys: "Fixed: the bucket's key (existing.keyArn brings your own) and the secrets.",
    relay_queue:
      'Requests: each copy is sent to a queue, received and deleted. More events a request, relay.kinds, relay.keys and relay.share make fewer. $0.61 a month is fixed: Lambda polls two queues, and a run lists the bucket every five minutes.',
    relay_transfer:
      'Bytes of the requests as they are sent to the target: as relay_queue. SDKs that compress send less.',
  };
  const levers: Partial<Record<CostPart, string>> = {};
  for (const part of COST_PARTS) if (parts[part] !== undefined) levers[part] = all[part];
  return levers;
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}
