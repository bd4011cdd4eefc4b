import { isJsonObject, type JsonObject, parseJson, valueAt } from '../../lib/base/json.ts';
import type { Deployment } from '../deployment.ts';
import { functionLog, readLog } from '../readLog.ts';

/** Pages of the log that are read. */
const MOST_PAGES = 500;
/** A request is answered within half a minute, and its lines are written then. */
const ANSWERED_WITHIN_MS = 120_000;
/** The clock of the log can differ from the function's. */
const SKEW_MS = 5_000;

/** The entry of one request in the collector's log. */
export interface LoggedRequest {
  /** The gateway's ID; null if the function does not know it. */
  readonly requestId: string | null;
  /** `received_at` of its rows, epoch milliseconds. */
  readonly receivedAt: number;
  /** Milliseconds from its arrival in the function to its answer. */
  readonly latencyMs: number;
  /** Events of the batch. */
  readonly received: number;
  /** Rows of exposures and events that Firehose acknowledged. */
  readonly landed: number;
  /** Events that became objects of `landing/direct/`, past the stream. */
  readonly overflowed: number;
  /** Rows of quarantine that Firehose acknowledged. */
  readonly quarantined: number;
  /** Events that the configuration leaves out. */
  readonly ignored: number;
  /** Whether the answer was not 202. */
  readonly isRefused: boolean;
  /** The collector's own line: of every request that needs attention, and of a sample of the others; else null. */
  readonly line: JsonObject | null;
}

/**
 * Requests in the collector's log by the gateway's ID.
 *
 * @param since Epoch milliseconds.
 * @throws What CloudWatch Logs' client throws.
 */
export async function findRequest(
  deployment: Deployment,
  requestId: string,
  since: number,
): Promise<LoggedRequest | undefined> {
  const lines = await readLines(deployment, requestId, since, undefined);
  const requestLines = lines.filter((line) => line['request_id'] === requestId);
  const metrics = requestLines.find((line) => '_aws' in line);
  const line = requestLines.find((entry) => entry['event'] === 'collect') ?? null;
  if (metrics !== undefined) return loggedRequest(metrics, line);
  return line === null
    ? undefined
    : loggedRequest({ request_id: requestId, refused_requests: 1, latency_ms: line['ms'] }, line);
}

/**
 * Requests in the collector's log that were received in the same millisecond, usually one.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function findRequestsAt(
  deployment: Deployment,
  receivedAt: number,
): Promise<readonly LoggedRequest[]> {
  const lines = await readLines(
    deployment,
    String(receivedAt),
    receivedAt - SKEW_MS,
    receivedAt + ANSWERED_WITHIN_MS,
  );
  return lines
    .filter((line) => timeOf(line) === receivedAt && 'received' in line)
    .map((line) => loggedRequest(line, null));
}

async function readLines(
  deployment: Deployment,
  term: string,
  startTime: number,
  endTime: number | undefined,
): Promise<readonly JsonObject[]> {
  const { events } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: JSON.stringify(term),
    times: [{ startTime, endTime }],
    mostPages: MOST_PAGES,
  });
  return events.map(({ message = '' }) => parseJson(message)).filter(isJsonObject);
}

function timeOf(line: JsonObject): number {
  return Number(valueAt(line, ['_aws', 'Timestamp']));
}

function loggedRequest(metrics: JsonObject, line: JsonObject | null): LoggedRequest {
  const count = (name: string) => (typeof metrics[name] === 'number' ? metrics[name] : 0);
  const { request_id } = metrics;
  return {
    requestId: typeof request_id === 'string' ? request_id : null,
    receivedAt: timeOf(metrics),
    latencyMs: count('latency_ms'),
    received: count('received'),
    landed: count('exposures_landed') + count('events_landed'),
    overflowed: count('overflowed'),
    quarantined: count('quarantined'),
    ignored: count('ignored'),
    isRefused: count('refused_requests') > 0,
    line,
  };
}
