import { NameFilter } from '../../lib/collect/eventFilter.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, acrossDoors, answer, answerUnlessDenied } from './Answer.ts';
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
import { type Door, eventName, type ProbeOptions, type Run } from './Run.ts';
import { type PlantedObjects, plantObjects } from './redrive.ts';
import { judgeDoors, QueryError, type SentTo } from './rows.ts';
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
  /** The gateway's URL if both were asked. */
  readonly gateway?: string;
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
  const doors = doorsOf(place, run).map((door): AskedDoor => {
    const at = place.gateway === undefined ? '' : ` to the ${door.name}`;
    return { door, at, answers: [], replies: new Map(), overLimits: new Map() };
  });

  for (const { door, at, answers: heard, replies } of doors) {
    options.onProgress(`sending events in every encoding${at}`);
    for (const sample of samples) {
      const reply = await sendRequest(sampleRequest(door.run, sample));
      if (replies.size === 0) assertAccepted(door.run, reply);
      replies.set(sample.part, reply);
      if (sample.code === 'SLUICE_PROBE_PLAIN_TEXT') heard.push(judgeAccepted(reply));
    }
    heard.push(await askPreflight(door.run), await askRefused(door.run));
  }
  options.onProgress('writing objects for redrive and requesting a load');
  const planted = await answerUnlessDenied('SLUICE_PROBE_REDRIVE', () => plantObjects(place, run));
  const loading = await answerUnlessDenied('SLUICE_PROBE_LOAD_ENGINE', () => beginLoad(place, run));
  options.onProgress('making conditional writes');
  answers.push(...(await askServices(place, run)));
  for (const { door, at, replies, overLimits } of doors) {
    options.onProgress(`sending many events at once${at}`);
    replies.set(PACKED_PART, await sendPacked(door.run));
    for (const size of sizes) {
      options.onProgress(`sending ${(size.bytes / 1_048_576).toFixed(1)} MiB${at}`);
      const reply = await sendSize(door.run, size);
      replies.set(size.part, reply);
      overLimits.set(size.part, judgeOverLimit(size, reply));
    }
  }
  const sentAt = place.clock.now();
  for (const { door, at, answers: heard } of doors) {
    if (options.burst > 0) {
      options.onProgress(`sending ${options.burst} requests at once${at}`);
      const isFunctionUrl = door.name === 'Function URL';
      heard.push(...(await askBurst(door.run, options.burst, { config: place.config, isFunctionUrl })));
    }
    if (options.slow) {
      options.onProgress(`sending the slowest request${at}`);
      heard.push(...(await askSlow(door.run)));
    }
  }
  answers.push(...acrossDoors(doors));

  const objects = 'verdict' in planted ? undefined : planted;
  const sent = doors.map(({ door, replies, overLimits }) => ({ door, replies, overLimits, sentAt }));
  const landed = await follow(place, run, options, sent, objects);
  answers.push(...landed.answers);
  if ('verdict' in planted) answers.push(planted);
  options.onProgress('waiting for metrics and the load');
  const requests = doors.flatMap(({ replies }) => [...replies.values()].filter(isFromCollector)).length;
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
    ...(place.gateway === undefined ? {} : { gateway: place.gateway }),
    answers: inOrder(answers, options, place),
    cleanUp: landed.cleanUp,
  };
}

/** What is known so far of one address. */
interface AskedDoor {
  readonly door: Door;
  /** Of the lines that tell the progress. */
  readonly at: string;
  readonly answers: Answer[];
  readonly replies: Map<string, Reply>;
  readonly overLimits: Map<string, Answer>;
}

/** The addresses that are asked: both, where a stack has two. */
function doorsOf({ isFunctionUrl, gateway }: Place, run: Run): readonly Door[] {
  const first: Door = { name: isFunctionUrl ? 'Function URL' : 'gateway', run };
  if (gateway === undefined) return [first];
  return [first, { name: 'gateway', run: { ...run, collector: gateway, prefix: 'gateway:' } }];
}

/** Athena and S3 may deny access: the responses of the gateway are reported all the same. */
async function follow(
  place: Place,
  run: Run,
  options: ProbeOptions,
  sent: readonly SentTo[],
  planted: PlantedObjects | undefined,
) {
  try {
    return await followRows(place, run, options, sent, planted);
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'unasked') throw problem.error;
    if (!(error instanceof QueryError) && problem === undefined) throw error;
    const found = `rows could not be read: ${problem?.detail ?? (error instanceof Error ? error.message : '')}`;
    const answers = [answer('SLUICE_PROBE_DELIVERED', false, found), ...judgeDoors(sent, null, place.config)];
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
