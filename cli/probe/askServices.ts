import { GetFunctionRecursionConfigCommand } from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { QUERY_RESULTS_FOLDER } from '../../lib/tables/objectKeys.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import { type Answer, answer, unanswered } from './Answer.ts';
import type { Place } from './openPlace.ts';
import type { QuestionCode } from './questions.ts';
import type { Run } from './Run.ts';

/**
 * Asks S3 and Lambda for what the functions rely on. What is refused is not answered.
 *
 * @throws AwsAccessError when AWS can't be asked at all.
 */
export async function askServices(place: Place, run: Run): Promise<readonly Answer[]> {
  return [
    await unlessRefused('SLUICE_PROBE_CONDITIONAL_WRITES', () => askConditionalWrites(place, run)),
    await unlessRefused('SLUICE_PROBE_RECURSIVE_LOOP', () => askRecursiveLoop(place)),
  ];
}

async function unlessRefused(code: QuestionCode, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    return unanswered(code, problem.detail);
  }
}

/** Writes one object four times, of which two must be refused, and deletes it. */
async function askConditionalWrites({ clients: { s3 }, config }: Place, run: Run): Promise<Answer> {
  const object = { Bucket: config.bucket, Key: `${QUERY_RESULTS_FOLDER}sluice-probe-${run.id}` };
  const write = async (Body: string, condition: { IfNoneMatch: '*' } | { IfMatch: string | undefined }) => {
    try {
      return await s3.send(new PutObjectCommand({ ...object, Body, ...condition }));
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
    const said = (what: string, done: unknown) => `${what} ${done === undefined ? '412' : '200'}`;
    const found = [
      said('created', created),
      said('again', createdTwice),
      said('replaced', replaced),
      said('again', replacedTwice),
      created?.ServerSideEncryption ?? 'no encryption named',
    ].join(', ');
    const once = createdTwice === undefined && replacedTwice === undefined;
    return { found, asExpected: once && created !== undefined && replaced !== undefined };
  };
  // Whatever comes of it, nothing stays.
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

/** Reads the setting of each function that sends to its own queue. */
async function askRecursiveLoop({ clients: { lambda }, config, local, stackName }: Place): Promise<Answer> {
  const code = 'SLUICE_PROBE_RECURSIVE_LOOP';
  const names = [
    ...(config.sources.length > 0 ? ['ingest-plan'] : []),
    ...(config.exports.length > 0 ? ['export'] : []),
  ];
  if (names.length === 0) return unanswered(code, 'neither sources nor exports are configured');
  if (local) return unanswered(code, 'the local cloud has no such setting to read');
  const settings = await Promise.all(
    names.map(async (name) => {
      const FunctionName = `${stackName}-${name}`;
      const { RecursiveLoop } = await lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName }));
      return { name, RecursiveLoop };
    }),
  );
  return answer(
    code,
    settings.every(({ RecursiveLoop }) => RecursiveLoop === 'Allow'),
    settings.map(({ name, RecursiveLoop }) => `${name}: ${RecursiveLoop}`).join(', '),
  );
}
