import { NameFilter } from '../../lib/protocols/eventFilter.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, acrossDoors, answer, answerUnlessDenied } from './Answer.ts';
import { askDomain, askPreflight, askRefused, judgeAccepted } from './ask/askGateway.ts';
import { askBurst, askSlow } from './ask/askLimits.ts';
import { beginLoad, judgeLoad } from './ask/askLoadEngine.ts';
import { askMetrics } from './ask/askMetrics.ts';
import { askServices } from './ask/askServices.ts';
import type { CleanUp } from './cleanUp.ts';
import { followRows } from './followRows.ts';
import { type PlantedObject, plantObject } from './landing.ts';
import type { ProbeContext } from './openProbe.ts';
import { ProbeError } from './ProbeError.ts';
import { questions } from './questions.ts';
import { type Door, eventName, type ProbeOptions, type Run } from './Run.ts';
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
export async function runProbe(context: ProbeContext, run: Run, options: ProbeOptions): Promise<ProbeReport> {
  assertEventsLand(context, run, options);
  const answers: Answer[] = [];
  const aheadMs = context.isLocal ? run.time - context.clock.now() : 0;
  const since = context.clock.now() + aheadMs;
  const doors = doorsOf(context, run).map((door): AskedDoor => {
    const at = context.gateway === undefined ? '' : ` to the ${door.name}`;
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
  options.onProgress('writing an object into the landing and requesting a load');
  const planted = await answerUnlessDenied('SLUICE_PROBE_LANDING', () => plantObject(context, run));
  const loading = await answerUnlessDenied('SLUICE_PROBE_LOAD_ENGINE', () => beginLoad(context, run));
  options.onProgress('making conditional writes');
  answers.push(...(await askServices(context, run)));
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
  const sentAt = context.clock.now();
  for (const { door, at, answers: heard } of doors) {
    if (options.burst > 0) {
      options.onProgress(`sending ${options.burst} requests at once${at}`);
      const isFunctionUrl = door.name === 'Function URL';
      heard.push(...(await askBurst(door.run, options.burst, { config: context.config, isFunctionUrl })));
    }
    if (options.slow) {
      options.onProgress(`sending the slowest request${at}`);
      heard.push(...(await askSlow(door.run)));
    }
  }
  answers.push(...acrossDoors(doors));

  const objects = 'verdict' in planted ? undefined : planted;
  const sent = doors.map(({ door, replies, overLimits }) => ({ door, replies, overLimits, sentAt }));
  const landed = await follow(context, run, options, sent, objects);
  answers.push(...landed.answers);
  if ('verdict' in planted) answers.push(planted);
  options.onProgress('waiting for metrics and the load');
  const requests = doors.flatMap(({ replies }) => [...replies.values()].filter(isFromCollector)).length;
  answers.push(
    await answerUnlessDenied('SLUICE_PROBE_METRICS', () => askMetrics(context, { since, requests, aheadMs })),
    'verdict' in loading
      ? loading
      : await answerUnlessDenied('SLUICE_PROBE_LOAD_ENGINE', () => judgeLoad(context, loading)),
  );
  if (context.ownDomain) answers.push(await askDomain(run, answers));
  return {
    run: run.id,
    collector: run.collector,
    ...(context.gateway === undefined ? {} : { gateway: context.gateway }),
    answers: inOrder(answers, options, context),
    cleanUp: landed.cleanUp,
  };
}

/** The facts known so far about one address. */
interface AskedDoor {
  readonly door: Door;
  /** Of the lines that tell the progress. */
  readonly at: string;
  readonly answers: Answer[];
  readonly replies: Map<string, Reply>;
  readonly overLimits: Map<string, Answer>;
}

/** The addresses that are asked: both, where a stack has two. */
function doorsOf({ isFunctionUrl, gateway }: ProbeContext, run: Run): readonly Door[] {
  const first: Door = { name: isFunctionUrl ? 'Function URL' : 'gateway', run };
  if (gateway === undefined) return [first];
  return [first, { name: 'gateway', run: { ...run, collector: gateway, prefix: 'gateway:' } }];
}

/** Athena and S3 may deny access: the responses of the gateway are reported all the same. */
async function follow(
  context: ProbeContext,
  run: Run,
  options: ProbeOptions,
  sent: readonly SentTo[],
  planted: PlantedObject | undefined,
) {
  try {
    return await followRows(context, run, options, sent, planted);
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem?.kind === 'unasked') throw problem.error;
    if (!(error instanceof QueryError) && problem === undefined) throw error;
    const found = `rows could not be read: ${problem?.detail ?? (error instanceof Error ? error.message : '')}`;
    const answers = [
      answer('SLUICE_PROBE_DELIVERED', false, found),
      ...judgeDoors(sent, null, context.config),
    ];
    return { answers, cleanUp: null };
  }
}

/** @throws ProbeError when the configuration does not take the probe's events, or would land telemetry of `--slow`. */
function assertEventsLand({ config }: ProbeContext, run: Run, { slow }: ProbeOptions): void {
  if (!config.protocols.includes('statsig'))
    throw new ProbeError('SLUICE_PROBE_PROTOCOL', `It has ${config.protocols.join(', ')}.`);
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
  { ownDomain }: ProbeContext,
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
