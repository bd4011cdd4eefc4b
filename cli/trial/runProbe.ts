import { queryableSeconds } from '../../infra/streams/streams.ts';
import { ObserveError } from '../../observe/deployment.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import {
  type Answer,
  answer,
  isStopped,
  type OnProgress,
  type Probed,
  poll,
  type Run,
  unanswered,
  unlessDenied,
} from './Answer.ts';
import { askPreflight, judgeAccepted } from './askGateway.ts';
import { askMetrics } from './askServices.ts';
import { bodies } from './bodies.ts';
import { askViews, judgeEvent, judgeTime, partsWithoutRow, type Row, readRows } from './rows.ts';
import { type Sent, sendBySdks } from './sendBySdks.ts';
import { isFromCollector, sendRequest } from './sendRequest.ts';

/** Additional time to wait for rows, milliseconds. */
const EXTRA_WAIT_MS = 180_000;

/** The question how long rows take. */
const DELIVERY = 'SLUICE_PROBE_DELIVERY_TIME';

/**
 * Sends events as SDKs do, follows them to their rows, and asks what only AWS can answer.
 *
 * @param onProgress Called at each step.
 */
export async function runProbe(probed: Probed, run: Run, onProgress: OnProgress): Promise<readonly Answer[]> {
  const sent: Sent[] = [];
  for (const body of bodies) {
    onProgress(`sending ${body.part}`);
    sent.push({ event: body, reply: await sendRequest(body.request(run)) });
  }
  onProgress('sending by SDKs');
  sent.push(...(await sendBySdks(probed, run)));
  const sentAt = probed.clock.now();
  const preflight = await askPreflight(run);
  const followed = await follow(probed, run, onProgress, { sent, sentAt });
  const answers = [
    preflight,
    ...followed.answers,
    ...sent.flatMap(({ event, reply }) => [
      judgeEvent(event, reply, followed.rows),
      ...(event.code === 'SLUICE_PROBE_PLAIN_TEXT' ? [judgeAccepted(reply)] : []),
    ]),
  ];
  onProgress('waiting for metrics');
  const requests = sent.filter(({ reply }) => isFromCollector(reply)).length;
  answers.push(await unlessDenied('SLUICE_PROBE_METRICS', () => askMetrics(probed, run, requests)));
  return answers;
}

/** The rows of a run, null if they could not be read, and the answers that they give. */
interface Followed {
  /** The rows that Athena has answered; null if they could not be read. */
  readonly rows: readonly Row[] | null;
  /** The answers to the questions about rows. */
  readonly answers: readonly Answer[];
}

/** What was sent, and when the last of it was, epoch milliseconds. */
interface Sending {
  /** The requests with their responses. */
  readonly sent: readonly Sent[];
  /** When the last request was answered, epoch milliseconds. */
  readonly sentAt: number;
}

/** Waits for rows. Athena may deny access: the responses of the gateway are reported all the same. */
async function follow(probed: Probed, run: Run, onProgress: OnProgress, sending: Sending): Promise<Followed> {
  if (run.lacks.has('AWS::Athena::WorkGroup')) return { rows: null, answers: [] };
  try {
    const { rows, tookMs } = await awaitRows(probed, run, onProgress, sending);
    const answers = [
      judgeTime(rows, run),
      judgeDelay(probed, tookMs),
      await unlessDenied('SLUICE_PROBE_VIEWS', () => askViews(probed, run, eventCount(rows))),
    ];
    return { rows, answers };
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'unasked') throw problem.error;
    const why = error instanceof ObserveError ? error.message : problem?.detail;
    if (why === undefined) throw error;
    const found = `rows could not be read: ${why}`;
    return {
      rows: null,
      answers: [isStopped(error) ? unanswered(DELIVERY, found) : answer(DELIVERY, false, found)],
    };
  }
}

/** The number of different events among rows: an event that was sent again has several rows. */
function eventCount(rows: readonly Row[]): number {
  return new Set(rows.map(({ eventId }) => eventId)).size;
}

/** Polls until every event that was answered 202 has a row, or the time is over. */
async function awaitRows(
  probed: Probed,
  run: Run,
  onProgress: OnProgress,
  { sent, sentAt }: Sending,
): Promise<{ readonly rows: readonly Row[]; readonly tookMs: number | null }> {
  const { clock, config } = probed;
  const mostMs = sentAt + queryableSeconds(config) * 1_000 + EXTRA_WAIT_MS - clock.now();
  const promised = sent.filter(({ reply }) => reply.status === 202).map(({ event }) => event.part);
  return poll(probed, mostMs, async () => {
    const rows = await readRows(probed, run);
    const missing = partsWithoutRow(promised, rows);
    onProgress(`${promised.length - missing.length} of ${promised.length} events have a row`, 'rows');
    const isThere = missing.length === 0;
    return { seen: { rows, tookMs: isThere ? clock.now() - sentAt : null }, isThere };
  });
}

/** Judges how long the rows took. @param tookMs Null if not all have arrived. */
function judgeDelay({ config }: Probed, tookMs: number | null): Answer {
  if (tookMs === null) return answer(DELIVERY, false, 'not all rows arrived in time');
  const took = Math.ceil(tookMs / 1_000);
  const most = queryableSeconds(config);
  return answer(DELIVERY, took <= most, `${took} s; at most ${most} s`);
}
