import * as z from 'zod';
import { parseJson } from '../../../../lib/base/json.ts';
import { isoTimestamp } from '../../../../lib/base/time.ts';

/** A text; undefined where a line has none, or something else. */
const optionalText = z.string().optional().catch(undefined);
/** The parts of a work that failed; none where a line has no such list. */
const failedParts = z
  .array(z.object({ code: z.string(), message: optionalText, detail: optionalText }))
  .catch([]);
/** A number; undefined where a line has none, or something else. */
const optionalNumber = z.number().optional().catch(undefined);
/** What Lambda reports of a run. */
const runMetrics = z
  .object({ durationMs: optionalNumber, memorySizeMB: optionalNumber, maxMemoryUsedMB: optionalNumber })
  .optional()
  .catch(undefined);
/**
 * An error in the log of a function of ours, Lambda's report of a run that did not end well
 * (https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html), and Firehose's line about a delivery
 * (https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html).
 */
const failureLine = z.object({
  event: optionalText,
  code: optionalText,
  detail: optionalText,
  error: optionalText,
  errorCode: optionalText,
  message: optionalText,
  failed: failedParts,
  // Messages that the registrar does not know.
  invalid: failedParts,
  tables: z.array(z.object({ failed: failedParts })).catch([]),
  problems: z.array(z.string()).catch([]),
  record: z
    .object({ status: z.string(), errorType: optionalText, metrics: runMetrics })
    .optional()
    .catch(undefined),
});

/** Events of lines about what an object holds, or about a customer's receipt: the run went on. */
const RUN_WENT_ON = /^(write_(damaged|refused)|ingest_receipt)$/;

type FailureLine = z.output<typeof failureLine>;

/** An error in a line of a log. */
interface Reason {
  /** SLUICE_…, AWS's name of the error, or Lambda's type of it; null of what has only words. */
  readonly code: string | null;
  /** Code and detail in words. */
  readonly text: string;
  /** Whether Lambda ended the run for its time, its process ended, its code could not be loaded, or the line says another error. */
  readonly kind: 'timedOut' | 'processEnded' | 'unloaded' | 'error';
}

/** When something failed, and with what. @param at Epoch milliseconds. */
export function failureText(at: number, { text }: Reason): string {
  return `${isoTimestamp(at)}: ${text.replace(/\.?$/, '.')}`;
}

/** The error in a line of a log; null if the line has none, or tells of a run that went on. */
export function reasonOf(message: string): Reason | null {
  const { data } = failureLine.safeParse(parseJson(message));
  if (data === undefined || RUN_WENT_ON.test(data.event ?? '')) return null;
  const { record, detail, tables, problems } = data;
  if (record !== undefined) return endOf(record);
  // What was thrown has its words behind its name.
  const [thrown, ...words] = data.error?.split(': ') ?? [];
  const code = data.code ?? data.errorCode ?? thrown;
  const named =
    code === undefined
      ? []
      : [{ code, message: detail ?? data.message ?? (code === thrown ? words.join(': ') : data.error) }];
  const all: z.output<typeof failedParts> = [
    ...named,
    ...[data, ...tables].flatMap(({ failed }) => failed),
    ...data.invalid,
  ];
  const [first] = all;
  if (first !== undefined) {
    const text = first.message ?? first.detail ?? '';
    return { code: first.code, text: text === '' ? first.code : `${first.code}: ${text}`, kind: 'error' };
  }
  const [problem] = problems;
  return problem === undefined ? null : { code: null, text: problem, kind: 'error' };
}

/** The share of its memory that a process has used which was most likely killed for want of it. */
const FULL = 0.95;

/**
 * Types of what Node's runtime does not begin with: no module, no export, or no valid code.
 * https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, src/Errors.js
 */
const UNLOADED = /^Runtime\.(ImportModule|HandlerNotFound|Malformed|UserCodeSyntax|InvalidEntrypoint)/;

/** How Lambda says that a run ended: it was too slow, used up its memory, was killed, or threw. */
function endOf({ status, errorType = status, metrics = {} }: NonNullable<FailureLine['record']>): Reason {
  const { durationMs, memorySizeMB, maxMemoryUsedMB } = metrics;
  const used =
    memorySizeMB === undefined || maxMemoryUsedMB === undefined
      ? ''
      : `, with ${maxMemoryUsedMB} of ${memorySizeMB} MB used`;
  const after = durationMs === undefined ? '' : ` after ${Math.round(durationMs / 1_000)} s`;
  if (status === 'timeout')
    return { code: errorType, text: `Task timed out${after}${used}`, kind: 'timedOut' };
  // Lambda's own types: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
  if (!/^(Runtime|Sandbox|Extension)\.|^(error|failure)$/.test(errorType))
    return { code: errorType, text: `${errorType}: it threw${used}`, kind: 'error' };
  if (UNLOADED.test(errorType))
    return { code: errorType, text: `${errorType}: its code could not be loaded${used}`, kind: 'unloaded' };
  const isFull = /OutOfMemory/.test(errorType) || (maxMemoryUsedMB ?? 0) >= FULL * (memorySizeMB ?? Infinity);
  const why = `its process ended, ${isFull ? '' : 'most often '}out of memory`;
  return { code: errorType, text: `${errorType}: ${why}${used}`, kind: 'processEnded' };
}
