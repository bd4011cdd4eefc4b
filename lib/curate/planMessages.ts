import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../base/json.ts';
import { isRunMessage, type ObjectRef, objectCreated, type QueueMessage } from '../base/queue.ts';
import type { UtcDay } from '../base/time.ts';
import { eachMessage, MessageFailures, type MessageKind } from '../lambda/eachMessage.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { parseTableKey } from '../tables/tableFolders.ts';
import {
  CHECK_RUN,
  type CurateRequestBody,
  curateRequestSchema,
  isStackEvent,
  PUBLISH_RUN,
} from './messageBodies.ts';
import {
  type CuratePlanFunction,
  checkAll,
  checkFiles,
  checkWindow,
  count,
  plan,
  publish,
} from './planSteps.ts';
import { firstYoungDay } from './youngDays.ts';

/** The least `curateAfter` that a configuration may have (lib/schema/config.ts). */
const LEAST_CURATE_AFTER = 1;

/**
 * Handles messages of the plan's queue. First, days whose raw files have changed are taken out of the list that views
 * read: the days of new files; in the hourly run, all days that may get files; after a deployment, all days. Then the
 * list is written into the views, and then days are planned. The response names the messages to redeliver: those whose
 * work failed, and invalid ones, which end up in the dead-letter queue.
 */
export async function planMessages(
  planner: CuratePlanFunction,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const { log } = planner;
  const failures = new MessageFailures(log);
  const attempt = (ids: readonly string[], event: string, run: () => Promise<void>) =>
    failures.attempt(ids, { event }, async () => {
      await run();
      return true;
    });
  const work: Work = {
    files: { ids: [], days: { exposures: new Set(), events: new Set() } },
    checks: [],
    deployments: [],
    publications: [],
    requests: [],
  };
  await eachMessage(
    messages,
    planRequests,
    log,
    async (body, { messageId }) => {
      take(planner, work, body, messageId);
      return true;
    },
    failures,
  );
  await attempt(work.files.ids, 'curate_check', () => checkFiles(planner, work.files.days));
  await attempt(work.checks, 'curate_check', () => checkWindow(planner));
  // Files that arrived before the deployment made their rule have no events.
  await attempt(work.deployments, 'curate_check', () => checkAll(planner));
  const compared = work.deployments.length > 0 ? forwardedKinds : [];
  /** Days that the last publication left out. */
  let leftOut: number | null = null;
  const publishing = [...work.files.ids, ...work.checks, ...work.deployments, ...work.publications];
  if (work.deployments.some((id) => failures.has(id))) failures.add(publishing);
  else
    await attempt(publishing, 'curate_views', async () => {
      leftOut = await publish(planner, compared);
    });
  for (const { id, request } of work.requests) {
    await attempt([id], 'curate_plan', async () => {
      leftOut = await plan(planner, request);
    });
  }
  const counting = [...work.checks, ...work.requests.filter(isNightly).map(({ id }) => id)];
  const isDaily = work.requests.some(isNightly);
  await attempt(counting, 'curate_count', () => count(planner, leftOut, isDaily));
  return failures.response();
}

/** Work that a batch of messages asks for. */
interface Work {
  /** New files of days that may be in the list. */
  readonly files: { readonly ids: string[]; readonly days: Readonly<Record<ForwardedKind, Set<UtcDay>>> };
  /** IDs of messages that ask for a check of all days that may get files. */
  readonly checks: string[];
  /** Ends of deployments, which may have written the template's text into the views. */
  readonly deployments: string[];
  /** IDs of messages that ask to write the lists into the views. */
  readonly publications: string[];
  /** Requests to curate, each with the ID of its message. */
  readonly requests: { readonly id: string; readonly request: CurateRequestBody }[];
}

/** What a message asks for. */
type Asked = typeof CHECK_RUN | typeof PUBLISH_RUN | 'deployed' | CurateRequestBody | ObjectRef;

/** How messages of the plan's queue are read. */
const planRequests: MessageKind<Asked> = {
  event: 'curate_plan',
  invalid: 'SLUICE_CURATE_MESSAGE_INVALID',
  read(body) {
    if (isRunMessage(body, CHECK_RUN)) return CHECK_RUN;
    if (isRunMessage(body, PUBLISH_RUN)) return PUBLISH_RUN;
    if (isStackEvent(body)) return 'deployed';
    const { data: request } = curateRequestSchema.safeParse(parseJson(body));
    if (request !== undefined) return request;
    const object = objectCreated(body);
    return 'wrong' in object ? undefined : object;
  },
};

/** Adds a message to the work that it asks for. */
function take({ config, bucket, clock }: CuratePlanFunction, work: Work, body: Asked, id: string): void {
  if (body === CHECK_RUN) work.checks.push(id);
  else if (body === PUBLISH_RUN) work.publications.push(id);
  else if (body === 'deployed') work.deployments.push(id);
  else if (!('key' in body)) work.requests.push({ id, request: body });
  else if (body.bucket === bucket) {
    const key = parseTableKey(config, body.key);
    // A younger day has been over for less than the least `curateAfter`, so it is not in the list. Most files are of
    // today.
    const firstUnlisted = firstYoungDay({ curateAfter: LEAST_CURATE_AFTER }, clock.now());
    if ('ignored' in key || key.kind === 'quarantine' || key.day >= firstUnlisted) return;
    work.files.ids.push(id);
    work.files.days[key.kind].add(key.day);
  }
}

/** Whether a request is that of the nightly run: it names neither days nor what a person wants. */
function isNightly({ request }: Work['requests'][number]): boolean {
  return request.days === undefined && request.asked === undefined;
}
