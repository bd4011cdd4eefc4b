import type { Config } from '../../lib/schema/config.ts';
import { BILLED_STEP_BYTES } from '../../lib/schema/deliveryLimits.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { COST_PARTS, type CostPart, type MonthlyCost, type MonthlyUsage } from './monthlyCost.ts';

/** Events of a request from which more events hardly make it cheaper. */
const MANY_EVENTS = 100;

/** Explains in a sentence what changes the price of each part, given the usage. */
export function costLevers(
  { parts }: MonthlyCost,
  usage: MonthlyUsage,
  config: Pick<Config, 'buffering' | 'endpoint' | 'logs' | 'retention'>,
): Readonly<Partial<Record<CostPart, string>>> {
  const perRequest = usage.requests === 0 ? 0 : usage.events / usage.requests;
  const isFew = perRequest < MANY_EVENTS;
  const rounding = usage.recordBytes === 0 ? 1 : usage.billedBytes / usage.recordBytes;
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
    lambda: `Events of a request, as for the gateway: an invocation mostly waits for Firehose. The registrar and the check of streams are in it. arm64 costs a fifth less than x86_64 (architecture).`,
    firehose_ingest: `Firehose bills each record rounded up to ${BILLED_STEP_BYTES / 1_024} KB: ${number(rounding)} times their bytes. ${
      rounding > 1.2
        ? 'More events a request fill the records.'
        : 'The records are full; only fewer or smaller events cost less (events.deny, exposures.deny, privacy.redact).'
    }`,
    write:
      'The writer: bytes of the rows (events.deny, exposures.deny, privacy.redact: drop), half a second for each object of the landing, as s3_requests, and the start of a look every five minutes.',
    queues:
      'Mostly fixed: Lambda polls each queue all the time, for $0.26 a month. Sources, exports and curate add queues. Each object and file is a message.',
    s3_events: 'Objects and files, as s3_requests: the bucket notifies EventBridge of each.',
    s3_requests: `Objects of the landing: ${number(usage.landing?.objects ?? 0)} a month, and files: ${number(usage.landing?.files ?? 0)}. buffering.seconds is ${seconds}${
      seconds < 900 ? '; 900 makes fewer, and rows arrive later' : ', the maximum'
    }. $0.22 is fixed: a look lists what waits every five minutes.`,
    s3_storage:
      forwardedDays === null
        ? 'retention.forwardedDays is null: rows are kept for good. retention.landingVersionDays is how long requests are kept beside them.'
        : `retention.forwardedDays is ${forwardedDays}, retention.landingVersionDays ${config.retention.landingVersionDays}.`,
    athena:
      'Queries that restrict ds and select few columns read less; athena.scanLimitGigabytes limits each.',
    logs: `logs.successes is ${config.logs.successes}; the rest are metrics and Lambda's own lines, so fewer requests cost less. logs.retentionDays limits their storage.`,
    metrics: `Fixed: ${number(usage.metrics)} custom metrics, billed for the hours in which they have values.`,
    alarms: 'Fixed: the alarms of the configuration.',
    keys: "Fixed: the bucket's key (existing.keyArn brings your own) and the secrets.",
    relay_queue:
      'Requests: each copy is sent to a queue, received and deleted. More events a request, relay.kinds, relay.keys and relay.share make fewer. $0.61 a month is fixed: Lambda polls two queues, and a run lists the bucket every five minutes.',
    monitors:
      'Bytes that the daily looks read, and a query each hour. `monitors.sampleRatio.days` reads fewer days, and `false` turns a monitor off.',
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
