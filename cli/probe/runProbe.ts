import { NameFilter } from '../../lib/collect/eventFilter.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer, answerUnlessDenied } from './Answer.ts';
import { askDomain, askPreflight, askRefused, judgeAccepted } from './ask/askGateway.ts';
import { askBurst, askSlow } from './ask/askLimits.ts';
import { beginLoad, judgeLoad } from './ask/askLoadEngine.ts';
import { askMetrics } from './ask/askMetrics.ts';
import { askServices } from './ask/askServices.ts';
import type { CleanUp } from './cleanUp.ts';
import { followRows } from './followRows.ts';
import type { Place } from './openPlace.ts';
import { ProbeError } from './ProbeError.ts';
import { questions } from './questions.ts';
import { eventName, type ProbeOptions, type Run } from './Run.ts';
import { type PlantedObjects, plantObjects } from './redrive.ts';
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
export async function runProbe(place: Place, run: Run, options: ProbeOptions): Promise<ProbeReport> {
  assertEventsLand(place, run, options);
  const answers: Answer[] = [];
  const aheadMs = place.local ? run.time - place.clock.now() : 0;
  const since = place.clock.now() + aheadMs;
  const replies = new Map<string, Reply>();

  options.onProgress('sending events in every encoding');
  for (const sample of samples) {
    const reply = await sendRequest(sampleRequest(run, sample));
    if (replies.size === 0) assertAccepted(run, reply);
    replies.set(sample.part, reply);
    if (sample.code === 'SLUICE_PROBE_PLAIN_TEXT') answers.push(judgeAccepted(reply));
  }
  answers.push(await askPreflight(run), await askRefused(run));
  options.onProgress('writing objects for redrive and requesting a load');
  const planted = await answerUnlessDenied('SLUICE_PROBE_REDRIVE', () => plantObjects(place, run));
  const loading = await answerUnlessDenied('SLUICE_PROBE_LOAD_ENGINE', () => beginLoad(place, run));
  options.onProgress('making conditional writes');
  answers.push(...(await askServices(place, run)));
  options.onProgress('sending many events at once');
  replies.set(PACKED_PART, await sendPacked(run));
  const overLimits = new Map<string, Answer>();
  for (const size of sizes) {
    options.onProgress(`sending ${(size.bytes / 1_048_576).toFixed(1)} MiB`);
    const reply = await sendSize(run, size);
    replies.set(size.part, reply);
    overLimits.set(size.part, judgeOverLimit(size, reply));
  }
  const sentAt = place.clock.now();
  if (options.burst > 0) {
    options.onProgress(`sending ${options.burst} requests at once`);
    answers.push(...(await askBurst(run, options.burst, place)));
  }
  if (options.slow) {
    options.onProgress('sending the slowest request');
    answers.push(...(await askSlow(run)));
  }

  const objects = 'verdict' in planted ? undefined : planted;
  const landed = await follow(place, run, options, { replies, overLimits, sentAt }, objects);
  answers.push(...landed.answers);
  if ('verdict' in planted) answers.push(planted);
  options.onProgress('waiting for metrics and the load');
  const requests = [...replies.values()].filter(isFromCollector).length;
  answers.push(
    await answerUnlessDenied('SLUICE_PROBE_METRICS', () => askMetrics(place, { since, requests, aheadMs })),
    'verdict' in loading
      ? loading
      : await answerUnlessDenied('SLUICE_PROBE_LOAD_ENGINE', () => judgeLoad(place, loading)),
  );
  if (place.ownDomain) answers.push(await askDomain(run, answers));
  return {
    run: run.id,
    collector: run.collector,
    answers: inOrder(answers, options, place),
    cleanUp: landed.cleanUp,
  };
}

/** Athena and S3 may deny access: the responses of the gateway are reported all the same. */
async function follow(
  place: Place,
  run: Run,
  options: ProbeOptions,
  sent: Sent,
  planted: PlantedObjects | undefined,
) {
  try {
    return await followRows(place, run, options, sent, planted);
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'unasked') throw problem.error;
    if (!(error instanceof QueryError) && problem === undefined) throw error;
    const found = `rows could not be read: ${problem?.detail ?? (error instanceof Error ? error.message : '')}`;
    const answers = [
      answer('SLUICE_PROBE_DELIVERED', false, found),
      ...judgeBodies(sent, null, place.config),
    ];
    return { answers, cleanUp: null };
  }
}

/** @throws ProbeError when the configuration filters out the probe's events, or would land telemetry of `--slow`. */
function assertEventsLand({ config }: Place, run: Run, { slow }: ProbeOptions): void {
  const name = eventName(run, 'plain_json');
  if (!new NameFilter(config.events).passes([name]))
    throw new ProbeError('SLUICE_PROBE_FILTERED', `events, for ${name}.`);
  if (slow && config.landTelemetry) throw new ProbeError('SLUICE_PROBE_WOULD_LAND');
}

/** @throws ProbeError when the first request shows that further ones are of no use. */
function assertAccepted({ collector }: Run, reply: Reply): void {
  if (reply.status === null)
    throw new ProbeError('SLUICE_PROBE_UNREACHABLE', `${collector}: ${reply.problem}.`);
  if (reply.status === 401 && isFromCollector(reply))
    throw new ProbeError('SLUICE_PROBE_KEY_REFUSED', `The collector answered ${refusalCode(reply)}.`);
}

/** One answer for each question, also for those that were not asked. */
function inOrder(
  answers: readonly Answer[],
  { burst, slow }: ProbeOptions,
  { ownDomain }: Place,
): readonly Answer[] {
  const allowed = {
    always: true,
    '--burst': burst > 0,
    '--slow': slow,
    '--url': ownDomain,
    'by hand': false,
  } as const;
  return questions.map(
    ({ code, asked }) =>
      answers.find((one) => one.code === code) ?? {
        code,
        verdict: 'unanswered',
        found: allowed[asked]
          ? 'no result'
          : asked === 'by hand'
            ? 'the probe does not ask this: docs/aws.md'
            : `not asked: ${asked}`,
      },
  );
}
