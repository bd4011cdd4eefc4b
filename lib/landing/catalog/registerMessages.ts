import type { SQSBatchResponse } from 'aws-lambda';
import { SluiceError } from '../../base/errors.ts';
import { isRunMessage, type ObjectRef, objectCreated, type QueueMessage } from '../../base/queue.ts';
import type { UtcDay } from '../../base/time.ts';
import { eachMessage, MessageFailures, type MessageKind } from '../../lambda/eachMessage.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { CatalogError } from './CatalogError.ts';
import { awsCall } from './catalogCalls.ts';
import type { KnownPartitions } from './KnownPartitions.ts';
import { planPartitions } from './planPartitions.ts';
import { type FailedDay, type RefreshedDays, registerPartitions, unavailable } from './registerPartitions.ts';
import { noteFolders, type RepairTarget, repairTable } from './repairTable.ts';

/**
 * Processes a batch of messages: objects first, because readers wait for their rows, then the hourly run, once even if
 * several messages request it. The response names the messages that the queue has to deliver again.
 */
export async function registerMessages(
  registrar: Registrar,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const failures = new MessageFailures(registrar.log);
  const runs: string[] = [];
  const batch: NamedObjects = { objects: [], invalid: [] };
  // Notes what a message asks for, and answers whether the message is in order.
  const take = async (request: RegisterRequest, { messageId }: QueueMessage) => {
    if (request === HOURLY_RUN) runs.push(messageId);
    else if (!('wrong' in request)) batch.objects.push({ messageId, ...request });
    else {
      const { code, detail } = new CatalogError('SLUICE_CATALOG_MESSAGE_INVALID', request.wrong);
      batch.invalid.push({ messageId, code, detail });
      return false;
    }
    return true;
  };
  await eachMessage(messages, registerRequests, registrar.log, take, failures);
  // An error that isn't ours is a defect: it fails the invocation, as the messages are not at fault.
  if (runs.length < messages.length) failures.add(await registerObjects(registrar, batch));
  if (runs.length > 0 && !(await hourlyRun(registrar))) failures.add(runs);
  return failures.response();
}

/**
 * What asks for the hourly run, which registers the days ahead and repairs tables. Its message says "daily", because it
 * once ran daily.
 */
const HOURLY_RUN = 'daily';
/** What a message asks for: the run, or an object's partition. */
type RegisterRequest = typeof HOURLY_RUN | ReturnType<typeof objectCreated>;

/** What a message of the queue asks for. */
const registerRequests: MessageKind<RegisterRequest> = {
  event: 'register',
  read: (body) => (isRunMessage(body, HOURLY_RUN) ? HOURLY_RUN : objectCreated(body)),
};

/** The objects that messages name, and the messages that name none. */
interface NamedObjects {
  /** Objects, each with the ID of the message that names it. */
  readonly objects: (ObjectRef & { readonly messageId: string })[];
  /** Messages that name no object, and why. */
  readonly invalid: { readonly messageId: string; readonly code: string; readonly detail: string }[];
}

/**
 * Registers the partitions of the objects that a batch of messages names.
 *
 * @returns The messages of those whose partition could not be registered.
 */
async function registerObjects(
  registrar: Registrar,
  { objects, invalid }: NamedObjects,
): Promise<readonly string[]> {
  const { config, bucket, known, log } = registrar;
  const ours = objects.filter((object) => object.bucket === bucket);
  const plan = planPartitions(
    config,
    ours.map(({ key }) => key),
    (kind, day) => known.has(kind, day),
  );
  const outcome: Changed = { created: [], existed: [], updated: [] };
  const failed: ({ readonly table: string } & FailedDay)[] = [];
  const failures: string[] = [];
  // One table after the other, because Glue throttles parallel calls. A failure of one table does not stop the others.
  for (const kind of tableKinds) {
    const wanted = plan.wanted.filter((wantedDay) => wantedDay.kind === kind);
    const done = await registerKind(
      registrar,
      kind,
      wanted.map(({ day }) => day),
    );
    for (const change of CHANGES) outcome[change].push(...done[change]);
    for (const day of [...done.created, ...done.existed]) known.add(kind, day);
    for (const failure of done.failed)
      for (const { keys } of wanted.filter(({ day }) => day === failure.day)) {
        failed.push({ table: config.tables[kind], ...failure });
        failures.push(...keys.flatMap((index) => ours[index]?.messageId ?? []));
      }
  }
  const elsewhere = objects.length - ours.length;
  log({
    level: failures.length + invalid.length > 0 ? 'error' : 'info',
    event: 'register',
    messages: objects.length + invalid.length,
    ...lengths(outcome),
    known: plan.known,
    ignored: { ...plan.ignored, ...(elsewhere > 0 ? { other_bucket: elsewhere } : {}) },
    ...(failed.length > 0 ? { failed } : {}),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  return failures;
}

/** What can happen to a partition. */
const CHANGES = ['created', 'existed', 'updated'] as const;
/** Days whose partitions were created, existed already, or were updated. */
type Changed = Record<(typeof CHANGES)[number], UtcDay[]>;

/** How many days were changed in each way. */
function lengths(changed: { readonly [Change in keyof Changed]: readonly UtcDay[] }): Record<string, number> {
  return Object.fromEntries(CHANGES.map((change) => [change, changed[change].length]));
}

/** Registers the days of one table. If the table can't be read, all of its days have failed. */
async function registerKind(
  registrar: Registrar,
  kind: TableKind,
  days: readonly UtcDay[],
): Promise<RefreshedDays> {
  try {
    return await registerPartitions(registrar, kind, days);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { code, message } = error;
    return { created: [], existed: [], updated: [], failed: days.map((day) => ({ day, code, message })) };
  }
}

/**
 * The hourly run: registers today and tomorrow, closes gaps and updates older partitions. A failure of one table does not
 * stop the others. Then it notes the files of the days, with the time that is left.
 *
 * @returns Whether nothing failed. What did is in the log, and the queue delivers the message again.
 */
async function hourlyRun(registrar: Registrar): Promise<boolean> {
  const tables: object[] = [];
  let gaps = 0;
  const problems: string[] = [];
  // Each step appends the step that notes the files of its table. So all partitions are repaired first, however long
  // the notes take.
  const steps: (() => Promise<void>)[] = tableKinds.map((kind) => async () => {
    const table = registrar.config.tables[kind];
    const repaired = await repairTable(registrar, kind);
    for (const day of repaired.registered) registrar.known.add(kind, day);
    const { failed, misplaced } = repaired;
    tables.push({ table, ...lengths(repaired), misplaced, failed });
    gaps += failed.length + misplaced.length;
    problems.push(...failed.map(({ day, code }) => `${table} ${day}: ${code}`));
    if (kind !== 'quarantine')
      steps.push(() => noteFolders(registrar, kind, repaired.folders, registrar.log));
  });
  const { logNight, noteRules } = registrar;
  for (const [what, step] of Object.entries({ received_hours: logNight, 'lifecycle rules': noteRules }))
    if (step !== undefined)
      steps.push(() =>
        awsCall(step).catch((error: unknown) => {
          throw unavailable(what, error);
        }),
      );
  for (const step of steps)
    try {
      await step();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      problems.push(`${error.code} ${error.detail}`);
    }
  registrar.log({
    level: problems.length > 0 ? 'error' : 'info',
    event: 'register_hourly',
    tables,
    // For the metric filter (infra/alarms/loggedMetrics.ts). The number is unknown when a table cannot be read.
    ...(tables.length < tableKinds.length ? {} : { gaps }),
    ...(problems.length > 0 ? { problems } : {}),
  });
  return problems.length === 0;
}

/** Dependencies of one invocation of the registrar. */
export interface Registrar extends RepairTarget {
  /**
   * Writes how long ago the last night was that judged received hours: the hourly run always comes. Undefined: none
   * judges them.
   */
  readonly logNight?: () => Promise<void>;
  /** Notes which rules of the bucket archive objects. Default: nobody looks. */
  readonly noteRules?: () => Promise<void>;
  /** Kept while the function is warm. */
  readonly known: KnownPartitions;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}
