import type { SQSBatchResponse } from 'aws-lambda';
import { SluiceError } from '../../errors/SluiceError.ts';
import { batchFailures } from '../../queue/batchFailures.ts';
import type { ObjectRef } from '../../queue/objectCreated.ts';
import type { QueueMessage } from '../../queue/queueMessages.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { tableKinds } from '../../schema/kinds.ts';
import { type PartitionPlan, planPartitions, type WantedDay } from './planPartitions.ts';
import type { Registrar } from './Registrar.ts';
import { readObjectCreated } from './readObjectCreated.ts';
import { type Refreshed, registerPartitions } from './registerPartitions.ts';
import type { FailedDay } from './settledDays.ts';

/**
 * Registers the partitions of the objects that a batch of messages is about. The response names the messages
 * to be given again: those whose partition could not be registered, and those that can't be read, which so end
 * in the dead-letter queue.
 */
export async function registerObjects(
  registrar: Registrar,
  records: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const { config, bucket, known, log } = registrar;
  const invalid: { readonly messageId: string; readonly code: string; readonly detail: string }[] = [];
  const objects: (ObjectRef & { readonly messageId: string })[] = [];
  for (const { messageId, body } of records) {
    try {
      objects.push({ messageId, ...readObjectCreated(body) });
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      invalid.push({ messageId, code: error.code, detail: error.detail });
    }
  }

  const ours = objects.filter((object) => object.bucket === bucket);
  const plan = planPartitions(
    config,
    ours.map(({ key }) => key),
    (kind, day) => known.has(kind, day),
  );
  const outcome = await registerWanted(registrar, plan);

  const failedMessages = outcome.failed.flatMap(({ wanted }) =>
    wanted.keys.map((index) => ours[index]?.messageId ?? ''),
  );
  const failures = [...invalid.map(({ messageId }) => messageId), ...failedMessages];
  const elsewhere = objects.length - ours.length;
  log({
    level: failures.length > 0 ? 'error' : 'info',
    event: 'register',
    messages: records.length,
    created: outcome.created,
    existed: outcome.existed,
    updated: outcome.updated,
    known: plan.known,
    ignored: { ...plan.ignored, ...(elsewhere > 0 ? { other_bucket: elsewhere } : {}) },
    ...(outcome.failed.length > 0 ? { failed: outcome.failed.map(({ report }) => report) } : {}),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  return batchFailures(failures);
}

interface Outcome {
  readonly created: number;
  readonly existed: number;
  readonly updated: number;
  readonly failed: readonly {
    readonly wanted: WantedDay;
    readonly report: { readonly table: string; readonly day: string; readonly code: string };
  }[];
}

/** One table after the other: Glue throttles calls that come in parallel. A table that fails stops no other. */
async function registerWanted(registrar: Registrar, plan: PartitionPlan): Promise<Outcome> {
  let [created, existed, updated] = [0, 0, 0];
  const failed: Outcome['failed'][number][] = [];
  for (const kind of tableKinds) {
    const wanted = plan.wanted.filter((one) => one.kind === kind);
    const result = await registerKind(registrar, kind, wanted);
    created += result.created.length;
    existed += result.existed.length;
    updated += result.updated.length;
    for (const day of [...result.created, ...result.existed]) registrar.known.add(kind, day);
    for (const { day, code } of result.failed) {
      const match = wanted.find((one) => one.day === day);
      if (match !== undefined) {
        failed.push({ wanted: match, report: { table: registrar.config.tables[kind], day, code } });
      }
    }
  }
  return { created, existed, updated, failed };
}

async function registerKind(
  registrar: Registrar,
  kind: TableKind,
  wanted: readonly WantedDay[],
): Promise<Refreshed> {
  const days = wanted.map(({ day }) => day);
  try {
    return await registerPartitions(registrar, kind, days);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { code, message } = error;
    return {
      created: [],
      existed: [],
      updated: [],
      failed: days.map((day): FailedDay => ({ day, code, message })),
    };
  }
}
