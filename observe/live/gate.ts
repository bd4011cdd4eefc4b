import { readMetricData } from '../../lib/aws/metricData.ts';
import { metricsOf } from '../../lib/base/metrics.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { targetCommands } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { explainCode } from '../explainCode.ts';
import type { LiveRequest } from '../facts/flow/liveEntries.ts';
import { readLastHour } from '../facts/flow/requestCounts.ts';
import { gatewayId, readStackOutputs } from '../facts/flow/stackOutputs.ts';
import { lastDelivery } from '../facts/tables/lastDelivery.ts';
import { deploymentOptions, type Target } from '../target.ts';

/** Where the first event of a deployment stopped, and what to do. */
export interface Gate {
  /** How far the first request came. */
  readonly gate: 'no_request' | 'preflight_only' | 'refused' | 'accepted';
  /** Code of the error with which it was refused: SLUICE_…; null of another gate. */
  readonly code: string | null;
  /** What to do, in words. */
  readonly text: string;
}

/** Seconds from the end of the buffering interval until a row is in its table: docs/cost.md, "Buffering". */
const WRITTEN_WITHIN_SECONDS = 30;

/**
 * How far the first event of a deployment has come within the hour.
 *
 * @returns Null once a table has had a file.
 * @throws ObserveError; what the clients of AWS throw.
 */
export async function readGate(deployment: Deployment): Promise<Gate | null> {
  if ((await lastDelivery(deployment)) !== null) return null;
  const { landed, overflowed, quarantined, failedBy, refusedBy } = await readLastHour(deployment);
  if (landed + overflowed + quarantined > 0) return accepted(deployment);
  const [code] = Object.keys({ ...failedBy, ...refusedBy });
  if (code !== undefined) return refused(code, deployment);
  return (await hasAnyRequest(deployment))
    ? {
        gate: 'preflight_only',
        code: null,
        text: 'Only preflights have come: a browser asked, and its post did not follow. Look into its console: a content security policy (`connect-src`) or a blocker stops it. docs/platform.md, "A path of the site itself".',
      }
    : {
        gate: 'no_request',
        code: null,
        text: 'No request has come within the hour. Compare the log URL of the SDK with `CollectorUrl`, or send one by hand: docs/send.md.',
      };
}

/** The gate that a request has reached. */
export function gateOf(
  { code }: Pick<LiveRequest, 'code'>,
  deployment: Target & Pick<Deployment, 'config' | 'localControl'>,
): Gate {
  return code === null ? accepted(deployment) : refused(code, deployment);
}

/** A first event was accepted: when it is in its table. */
function accepted({ config, localControl }: Pick<Deployment, 'config' | 'localControl'>): Gate {
  const now =
    localControl === undefined ? '' : `, or at once after \`curl -X POST ${localControl}/_sluice/flush\``;
  const seconds = config.buffering.seconds + WRITTEN_WITHIN_SECONDS;
  return {
    gate: 'accepted',
    code: null,
    text: `Accepted. The row is in its table within about ${seconds} seconds${now}.`,
  };
}

/** A first request was refused with a code. @param target The deployment that the commands of its cure are for. */
function refused(code: string, target: Target): Gate {
  const explained = explainCode(code);
  const why = explained === undefined ? '.' : `: ${explained.cause} ${explained.cure}`;
  return {
    gate: 'refused',
    code,
    text: targetCommands(`Refused with ${code}${why}`, deploymentOptions(target)),
  };
}

/** Whether the gateway had any request, of which those that the collector has none of are preflights. */
async function hasAnyRequest(deployment: Deployment): Promise<boolean> {
  const ApiId = gatewayId(await readStackOutputs(deployment));
  const end = deployment.now + MINUTE_MS;
  const all = metricsOf('AWS/ApiGateway', { ApiId })('Count');
  const found = await readMetricData(deployment, [all], { start: end - HOUR_MS, end });
  return [...(found.get('Count')?.values() ?? [])].some((count) => count > 0);
}
