import { execFile } from 'node:child_process';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
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
import { bodies, eventName, postUrl, type SentEvent, TEXT } from './bodies.ts';
import { askViews, judgeEvent, judgeTime, type Row, readRows } from './rows.ts';
import { isFromCollector, type Reply, sendRequest } from './sendRequest.ts';

/** Additional time to wait for rows, milliseconds. */
const EXTRA_WAIT_MS = 180_000;
/** The longest time that both SDKs may take together, milliseconds. */
const SDKS_MS = 180_000;

/** The question how long rows take. */
const DELIVERY = 'SLUICE_PROBE_DELIVERY_TIME';

/** An event that was sent. */
interface Sent {
  /** The event. */
  readonly event: SentEvent;
  /** What was replied to its request. */
  readonly reply: Reply;
}

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

/** Events that the SDKs have sent, by SDK: what their process prints. */
const countsSchema = z.object({ js: z.number(), core: z.number() });

/** Has each of the real SDKs send an event. */
async function sendBySdks({ signal }: Probed, run: Run): Promise<readonly Sent[]> {
  const js = { code: 'SLUICE_PROBE_JS_CLIENT', part: 'js_client', status: 202, text: TEXT } as const;
  const core = { code: 'SLUICE_PROBE_SERVER_CORE', part: 'server_core', status: 202, text: TEXT } as const;
  const settings = {
    url: postUrl(run).href,
    clientKey: run.keys.client,
    serverKey: run.keys.server,
    text: TEXT,
    jsEvent: eventName(run, js.part),
    coreEvent: eventName(run, core.part),
  };
  const file = join(import.meta.dirname, `sendSdks${extname(import.meta.filename)}`);
  const env = { ...process.env, SLUICE_SEND: JSON.stringify(settings) };
  const options = { env, timeout: SDKS_MS, ...(signal === undefined ? {} : { signal }) };
  const { counts, problem } = await promisify(execFile)(process.execPath, [file], options).then(
    ({ stdout }) => ({ counts: countsSchema.parse(JSON.parse(stdout)), problem: 'the SDK has sent nothing' }),
    (error: unknown) => {
      signal?.throwIfAborted();
      return { counts: { js: 0, core: 0 }, problem: error instanceof Error ? error.message : '' };
    },
  );
  const reply = (count: number): Reply =>
    count > 0 ? { status: 202, headers: new Headers(), text: '{"success":true}' } : { status: null, problem };
  return [
    { event: js, reply: reply(counts.js) },
    { event: core, reply: reply(counts.core) },
  ];
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
  const promised = sent.filter(({ reply }) => reply.status === 202).length;
  return poll(probed, mostMs, async () => {
    const rows = await readRows(probed, run);
    const events = eventCount(rows);
    onProgress(`${events} of ${promised} events have a row`, 'rows');
    const isThere = events >= promised;
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
