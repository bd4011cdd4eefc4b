import { queryableSeconds } from '../../infra/streams/streams.ts';
import { NameFilter } from '../../lib/collect/eventFilter.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { askPreflight, judgeAccepted } from './askGateway.ts';
import { askExtension, askMetrics } from './askServices.ts';
import { type Body, bodies, eventName } from './bodies.ts';
import { type CleanUp, cleanUp } from './cleanUp.ts';
import {
  type Answer,
  answer,
  ENVIRONMENT,
  lookEveryMs,
  type Probed,
  ProbeError,
  type Run,
  unanswered,
  unlessDenied,
} from './Probe.ts';
import { type QuestionCode, questions } from './questions.ts';
import {
  askViews,
  judgeBody,
  judgeTime,
  Queries,
  QueryError,
  type Row,
  readFiles,
  readRows,
} from './rows.ts';
import { isFromCollector, type Reply, refusalCode, sendRequest } from './sendRequest.ts';

/** Additional time to wait for rows, milliseconds. */
const EXTRA_WAIT_MS = 180_000;
/** The longest that a flush of the local cloud may take, milliseconds. */
const FLUSH_MS = 180_000;

/** The result of a probe. */
export interface ProbeReport {
  readonly run: string;
  readonly collector: string;
  /** One for each question, in their order. */
  readonly answers: readonly Answer[];
  /** Null if there was nothing to clean up, or it was not possible. */
  readonly cleanUp: CleanUp | null;
}

type OnProgress = (step: string) => void;

/** The bodies with their replies. */
type Sent = readonly { readonly body: Body; readonly reply: Reply }[];

/**
 * Asks every question: sends events as SDKs do, follows them to their rows, and deletes the rows again.
 *
 * @param onProgress Called with a description of each step.
 * @throws ProbeError when the probe would be of no use.
 */
export async function runProbe(probed: Probed, run: Run, onProgress: OnProgress): Promise<ProbeReport> {
  assertEventsLand(probed, run);
  const { clock } = probed;
  const aheadMs = run.time - clock.now();
  const sent: { readonly body: Body; readonly reply: Reply }[] = [];
  for (const body of bodies) {
    onProgress(`sending ${body.part}`);
    const reply = await sendRequest(body.request(run));
    if (sent.length === 0) assertAccepted(run, reply);
    sent.push({ body, reply });
  }
  const sentAt = clock.now();
  const preflight = await askPreflight(run);
  const followed = await follow(probed, run, onProgress, { sent, sentAt });
  const answers = [
    ...[preflight, ...followed.answers],
    ...sent.flatMap(({ body, reply }) => [
      judgeBody(body, reply, followed.rows, probed.config),
      ...(body.code === 'SLUICE_PROBE_PLAIN_TEXT' ? [judgeAccepted(reply)] : []),
    ]),
    await unlessDenied('SLUICE_PROBE_LANDING_EXTENSION', () => askExtension(probed, run)),
  ];
  onProgress('waiting for metrics');
  const requests = sent.filter(({ reply }) => isFromCollector(reply)).length;
  const counted = { since: run.time, requests, aheadMs };
  answers.push(await unlessDenied('SLUICE_PROBE_METRICS', () => askMetrics(probed, counted)));
  return {
    ...{ run: run.id, collector: run.collector },
    answers: codesOf(questions).map(
      (code) => answers.find((one) => one.code === code) ?? unanswered(code, 'no result'),
    ),
    cleanUp: followed.cleanUp,
  };
}

function codesOf(entries: typeof questions): QuestionCode[] {
  const isCode = (name: string): name is QuestionCode => Object.hasOwn(entries, name);
  return Object.keys(entries).filter(isCode);
}

/** The rows of a run, null if they could not be read, with what they answer. */
interface Followed {
  readonly rows: readonly Row[] | null;
  readonly answers: readonly Answer[];
  readonly cleanUp: CleanUp | null;
}

/** Waits for rows and cleans up. Athena may deny access: the responses of the gateway are reported all the same. */
async function follow(
  probed: Probed,
  run: Run,
  onProgress: OnProgress,
  at: { readonly sent: Sent; readonly sentAt: number },
): Promise<Followed> {
  const { config, s3 } = probed;
  const queries = new Queries(probed);
  try {
    const { rows, tookMs } = await awaitRows(probed, queries, run, onProgress, at);
    const answers = [
      judgeTime(rows, run),
      answer(
        'SLUICE_PROBE_DELIVERED',
        rows.length > 0,
        `${rows.length} ${rows.length === 1 ? 'row' : 'rows'} in ${config.tables.events}`,
      ),
      judgeDelay(probed, tookMs),
      await askViews(probed, queries),
    ];
    onProgress('cleaning up');
    const files = rows.length === 0 ? [] : await readFiles(queries, config, run);
    const isHidden = rows.every(({ environment }) => environment === ENVIRONMENT);
    const remains = { files, results: queries.results };
    return { rows, answers, cleanUp: await cleanUp(s3, config, remains, isHidden) };
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'unasked') throw problem.error;
    // The results of the earlier queries are of no further use.
    await cleanUp(s3, config, { files: [], results: queries.results }, true);
    if (!(error instanceof QueryError) && problem === undefined) throw error;
    const found = `rows could not be read: ${problem?.detail ?? (error instanceof Error ? error.message : '')}`;
    return { rows: null, answers: [answer('SLUICE_PROBE_DELIVERED', false, found)], cleanUp: null };
  }
}

/** Polls until every event that was answered 202 has a row, or the time is over. */
async function awaitRows(
  probed: Probed,
  queries: Queries,
  run: Run,
  onProgress: OnProgress,
  { sent, sentAt }: { readonly sent: Sent; readonly sentAt: number },
): Promise<{ readonly rows: readonly Row[]; readonly tookMs: number | null }> {
  const { clock, wait, config, localControl } = probed;
  const deadline = sentAt + queryableSeconds(config) * 1_000 + EXTRA_WAIT_MS;
  const promised = sent.filter(({ reply }) => reply.status === 202).length;
  // Delivers the buffers of Firehose, which is not possible on AWS.
  if (localControl !== undefined)
    await fetch(new URL('/_sluice/flush', localControl), {
      method: 'POST',
      signal: AbortSignal.timeout(FLUSH_MS),
    });
  for (;;) {
    const rows = await readRows(queries, config, run);
    const events = new Set(rows.map(({ eventId }) => eventId)).size;
    const now = clock.now();
    if (events >= promised) return { rows, tookMs: now - sentAt };
    if (now >= deadline) return { rows, tookMs: null };
    const seconds = (ms: number) => Math.round(ms / 1_000);
    onProgress(
      `${events} of ${promised} events have a row, after ${seconds(now - sentAt)} s of at most ${seconds(deadline - sentAt)} s`,
    );
    await wait(Math.min(lookEveryMs(probed), deadline - now));
  }
}

function judgeDelay({ config, localControl }: Probed, tookMs: number | null): Answer {
  const code = 'SLUICE_PROBE_DELIVERY_TIME';
  if (tookMs === null) return answer(code, false, 'not all rows arrived in time');
  const [took, most] = [Math.ceil(tookMs / 1_000), queryableSeconds(config)];
  const flushed = localControl === undefined ? '' : ', flushed';
  return answer(code, took <= most, `${took} s${flushed}; at most ${most} s`);
}

/** @throws ProbeError when the configuration does not take the probe's events. */
function assertEventsLand({ config }: Probed, run: Run): void {
  const name = eventName(run, 'plain_json');
  if (!new NameFilter(config.events).passes([name]))
    throw new ProbeError('SLUICE_PROBE_FILTERED', `events, for ${name}.`);
}

/** @throws ProbeError when the first request shows that further ones are of no use. */
function assertAccepted({ collector }: Run, reply: Reply): void {
  if (reply.status === null)
    throw new ProbeError('SLUICE_PROBE_UNREACHABLE', `${collector}: ${reply.problem}.`);
  if (reply.status === 401 && isFromCollector(reply))
    throw new ProbeError('SLUICE_PROBE_KEY_REFUSED', `The collector answered ${refusalCode(reply)}.`);
}
