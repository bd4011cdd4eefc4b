import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Lambda's detection of recursive loops. It counts a function's invocations in one chain of messages and stops the
 * function after about 16, unless its `RecursiveLoop` is `Allow`.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export const RECURSION_LIMIT = 16;

/** The header of a request with which AWS SDKs in a function pass the chain on. SQS stores it as `AWSTraceHeader`. */
export function traceHeader(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['x-amzn-trace-id'];
  return Array.isArray(value) ? value[0] : value;
}

/** Invocations of each function in a chain, by {@link functionHash}. */
type Lineage = ReadonlyMap<string, number>;

/**
 * How often a function was invoked in the chain of a message.
 *
 * @param header `AWSTraceHeader` of the message; undefined if no function sent it.
 */
export function invocationsInChain(header: string | undefined, functionArn: string): number {
  return lineageOf(header).get(functionHash(functionArn)) ?? 0;
}

/**
 * The `_X_AMZN_TRACE_ID` of an invocation: the trace of the longest chain among the messages of its batch,
 * plus one invocation of the function. AWS documents the header, but not the format of its lineage.
 *
 * @param traceHeaders Trace headers of the messages.
 */
export function invocationTrace(traceHeaders: readonly (string | undefined)[], functionArn: string): string {
  const hash = functionHash(functionArn);
  const lineage = new Map<string, number>();
  for (const header of traceHeaders)
    for (const [name, count] of lineageOf(header)) lineage.set(name, Math.max(count, lineage.get(name) ?? 0));
  lineage.set(hash, (lineage.get(hash) ?? 0) + 1);
  const root = traceHeaders.map((header) => partOf(header, 'Root')).find((part) => part !== undefined);
  const hops = [...lineage].map(([name, count]) => `${count}:${name}:0`).join('|');
  return [
    `Root=${root ?? newRoot()}`,
    `Parent=${randomBytes(8).toString('hex')}`,
    'Sampled=0',
    `Lineage=${hops}`,
  ].join(';');
}

/** The lineage in a trace header; empty without one. Entries of another format are left out. */
function lineageOf(header: string | undefined): Lineage {
  return new Map(
    (partOf(header, 'Lineage') ?? '').split('|').flatMap((entry): [string, number][] => {
      const [, count = '', name = ''] = /^(\d{1,9}):([0-9a-f]+):\d+$/.exec(entry) ?? [];
      return name === '' ? [] : [[name, Number(count)]];
    }),
  );
}

/** The value of a part of a trace header, which are `name=value` between semicolons; undefined without it. */
function partOf(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(';')
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** The short name of a function in a lineage. */
function functionHash(functionArn: string): string {
  return createHash('sha256').update(functionArn).digest('hex').slice(0, 8);
}

/** The ID of a new trace: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids */
function newRoot(): string {
  const id = randomBytes(16).toString('hex');
  return `1-${id.slice(0, 8)}-${id.slice(8)}`;
}
