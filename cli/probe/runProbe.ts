import { NameFilter } from '../../lib/collect/eventFilter.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer, answerUnlessDenied, unanswered } from './Answer.ts';
import { askConditionalWrites } from './askConditionalWrites.ts';
import { askPreflight, askRefused, judgeAccepted } from './askGateway.ts';
import { askMetrics } from './askMetrics.ts';
import type { CleanUp } from './cleanUp.ts';
import { followRows } from './followRows.ts';
import type { ProbeContext } from './openProbe.ts';
import { ProbeError } from './ProbeError.ts';
import { questions } from './questions.ts';
import { eventName, type ProbeOptions, type Run } from './Run.ts';
import { judgeBodies, QueryError, type Sent } from './rows.ts';
import { sampleRequest, samples } from './samples.ts';
import {
  isFromCollector,
  judgeOverLimit,
  PACKED_PART,
  type Reply,
  refusalCode,
  sendPacked,
  sendRequest,
  sendSize,
  sizes,
} from './sendRequest.ts';

/** The result of a probe. */
export interface ProbeReport {
  readonly run: string;
  readonly collector: string;
  /** One for each question, in their order. */
  readonly answers: readonly Answer[];
  /** Null if there was nothing to clean up, or it was not possible. */
  readonly cleanUp: CleanUp | null;
}

/**
 * Asks every question: sends events as SDKs do, follows them to their rows, and deletes the rows again.
 *
 * @throws ProbeError when the probe would be of no use.
 */
export async function runProbe(context: ProbeContext, run: Run, options: ProbeOptions): Promise<ProbeReport> {
  assertEventsLand(context, run);
  const aheadMs = context.isLocal ? run.time - context.clock.now() : 0;
  const since = context.clock.now() + aheadMs;
  const answers: Answer[] = [];
  const replies = new Map<string, Reply>();
  const overLimits = new Map<string, Answer>();

  options.onProgress('sending events in every encoding');
  for (const sample of samples) {
    const reply = await sendRequest(sampleRequest(run, sample));
    if (replies.size === 0) assertAccepted(run, reply);
    replies.set(sample.part, reply);
    if (sample.code === 'SLUICE_PROBE_PLAIN_TEXT') answers.push(judgeAccepted(reply));
  }
  answers.push(await askPreflight(run), await askRefused(run));
  options.onProgress('making conditional writes');
  answers.push(
    await answerUnlessDenied('SLUICE_PROBE_CONDITIONAL_WRITES', () => askConditionalWrites(context, run)),
  );
  options.onProgress('sending many events at once');
  replies.set(PACKED_PART, await sendPacked(run));
  for (const size of sizes) {
    options.onProgress(`sending ${(size.bytes / 1_048_576).toFixed(1)} MiB`);
    const reply = await sendSize(run, size);
    replies.set(size.part, reply);
    overLimits.set(size.part, judgeOverLimit(size, reply));
  }
  const landed = await follow(context, run, options, { replies, overLimits, sentAt: context.clock.now() });
  answers.push(...landed.answers);
  options.onProgress('waiting for metrics');
  const requests = [...replies.values()].filter(isFromCollector).length;
  answers.push(
    await answerUnlessDenied('SLUICE_PROBE_METRICS', () => askMetrics(context, { since, requests, aheadMs })),
  );
  return {
    ...{ run: run.id, collector: run.collector },
    answers: questions.map(
      ({ code }) => answers.find((one) => one.code === code) ?? unanswered(code, 'no result'),
    ),
    cleanUp: landed.cleanUp,
  };
}

/** Athena and S3 may deny access: the responses of the gateway are reported all the same. */
async function follow(context: ProbeContext, run: Run, options: ProbeOptions, sent: Sent) {
  try {
    return await followRows(context, run, options, sent);
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'unasked') throw problem.error;
    if (!(error instanceof QueryError) && problem === undefined) throw error;
    const found = `rows could not be read: ${problem?.detail ?? (error instanceof Error ? error.message : '')}`;
    const answers = [
      answer('SLUICE_PROBE_DELIVERED', false, found),
      ...judgeBodies(sent, null, context.config),
    ];
    return { answers, cleanUp: null };
  }
}

/** @throws ProbeError when the configuration does not take the probe's events. */
function assertEventsLand({ config }: ProbeContext, run: Run): void {
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
