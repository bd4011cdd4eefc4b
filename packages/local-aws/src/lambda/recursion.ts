import { createHash, randomBytes } from 'node:crypto';

/**
 * Invocations of a function in one chain of messages, after which Lambda's detection of recursive loops stops it unless
 * its `RecursiveLoop` is `Allow`. AWS says "approximately 16 times".
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export const RECURSION_LIMIT = 16;

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
 * The `_X_AMZN_TRACE_ID` of an invocation. It has the first trace ID among the messages of its batch, and of each
 * function the highest count among their chains, plus one invocation of this function. AWS documents the header, but not
 * the format of its lineage.
 *
 * @param traceHeaders Trace headers of the messages.
 * @param now Epoch milliseconds, for the ID of a new trace.
 */
export function invocationTrace(
  traceHeaders: readonly (string | undefined)[],
  functionArn: string,
  now: number,
): string {
  const hash = functionHash(functionArn);
  const lineage = new Map<string, number>();
  for (const header of traceHeaders)
    for (const [name, count] of lineageOf(header)) lineage.set(name, Math.max(count, lineage.get(name) ?? 0));
  lineage.set(hash, (lineage.get(hash) ?? 0) + 1);
  const root = traceHeaders.map((header) => partOf(header, 'Root')).find((part) => part !== undefined);
  const hops = [...lineage].map(([name, count]) => `${count}:${name}:0`).join('|');
  return [
    `Root=${root ?? newRoot(now)}`,
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

/**
 * The ID of a new trace, which has its time in epoch seconds, as 8 hexadecimal digits, and 96 random bits:
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
 */
function newRoot(now: number): string {
  const time = Math.floor(now / 1_000)
    .toString(16)
    .padStart(8, '0');
  return `1-${time}-${randomBytes(12).toString('hex')}`;
}
