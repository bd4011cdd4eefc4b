import { DeleteObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { QUERY_RESULTS_FOLDER } from '../../lib/tables/objectKeys.ts';
import { type Answer, answer } from './Answer.ts';
import { CONDITIONAL_TRIES } from './limits.ts';
import type { ProbeContext } from './openProbe.ts';
import type { Run } from './Run.ts';

/**
 * Asks S3 whether writes can be conditional. Starts again with another object after a transient failure. The client does not retry: if only the response was lost, its
 * retry would be refused because the first attempt had written.
 *
 * @throws What S3's client throws.
 */
export async function askConditionalWrites(context: ProbeContext, run: Run): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await writeUnderConditions(context, `${QUERY_RESULTS_FOLDER}sluice-probe-${run.id}-${tries}`);
    } catch (error) {
      if (tries === CONDITIONAL_TRIES || isRefused(error)) throw error;
    }
  }
}

/** Whether S3 would return the same error again; 409 means a conflict between two writers. */
function isRefused(error: unknown): boolean {
  const { httpStatusCode: status = 0 } = error instanceof S3ServiceException ? error.$metadata : {};
  return status >= 400 && status < 500 && status !== 409;
}

/** Writes one object four times, two of which must be refused, and deletes it. */
async function writeUnderConditions(
  { clients: { s3, s3Once }, config }: ProbeContext,
  Key: string,
): Promise<Answer> {
  const object = { Bucket: config.bucket, Key };
  const write = async (Body: string, condition: { IfNoneMatch: '*' } | { IfMatch: string | undefined }) => {
    try {
      return await s3Once.send(new PutObjectCommand({ ...object, Body, ...condition }));
    } catch (error) {
      if (error instanceof Error && error.name === 'PreconditionFailed') return undefined;
      throw error;
    }
  };
  const asked = async () => {
    const created = await write('1', { IfNoneMatch: '*' });
    const createdTwice = await write('2', { IfNoneMatch: '*' });
    const replaced = await write('3', { IfMatch: created?.ETag });
    const replacedTwice = await write('4', { IfMatch: created?.ETag });
    const result = (what: string, done: unknown) => `${what} ${done === undefined ? '412' : '200'}`;
    const found = [
      result('created', created),
      result('again', createdTwice),
      result('replaced', replaced),
      result('again', replacedTwice),
      created?.ServerSideEncryption ?? 'no encryption named',
    ].join(', ');
    const once = createdTwice === undefined && replacedTwice === undefined;
    return { found, asExpected: once && created !== undefined && replaced !== undefined };
  };
  // In any case, the object is deleted.
  const [result] = await Promise.allSettled([asked()]);
  const remains = await s3.send(new DeleteObjectCommand(object)).then(
    () => '',
    (error: unknown) => `; ${object.Key} remains: ${error instanceof Error ? error.name : 'not deleted'}`,
  );
  if (result.status === 'rejected') throw result.reason;
  return answer(
    'SLUICE_PROBE_CONDITIONAL_WRITES',
    result.value.asExpected,
    `${result.value.found}${remains}`,
  );
}
