import { readSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Invocation, type Report, type Start, THAWS } from './protocol.ts';

// The entry point of an execution environment: a thread or a process that works like Lambda's Node runtime. It loads the
// bundle once, then runs one invocation at a time. The handler has an event, a context and a process.env of its own, as on
// Lambda.

/**
 * Makes this thread's `Date` use the local cloud's time: `Date.now()`, `new Date()` and `Date()` are ahead of the
 * machine's clock by the current result of `offsetMs`. Dates created from a value don't change, and `instanceof Date`
 * is true for those that the runtime itself creates. Timers and `performance.now()` are unaffected.
 *
 * @returns The machine's own `Date.now`.
 */
function shiftDate(currentOffsetMs: () => number): () => number {
  const MachineDate = globalThis.Date;
  const machineNow = MachineDate.now;
  const now = () => machineNow() + currentOffsetMs();
  MachineDate.now = now;
  const shifted = new Proxy(MachineDate, {
    apply: () => new MachineDate(now()).toString(),
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
  });
  MachineDate.prototype.constructor = shifted;
  globalThis.Date = shifted;
  return machineNow;
}

/** The function that an invocation calls, with the event and the context. */
type Handler = (event: unknown, context: unknown) => unknown;

/** The port to the local cloud, in a thread; null in a process. */
const thread = parentPort;
/** Resolves when the message is on its way. */
const report = async (message: Report) => {
  if (thread !== null) thread.postMessage(message);
  else await new Promise((sent) => process.send?.(message, sent));
};
/** What this environment is started with. */
const start: Start = thread === null ? JSON.parse(process.argv[2] ?? '') : workerData;
let offsetMs = start.clockOffsetMs;
/** The counter of {@link Start.invocations}; undefined in a process. */
const invocations = start.invocations === undefined ? undefined : new Int32Array(start.invocations);
// The local cloud has ended without ending this process.
process.once('disconnect', () => process.exit());
// Ctrl-C in a terminal signals this process, too, which the local cloud still needs to deliver what waits.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
/** The machine's own time. From here on, `Date` has the local cloud's. */
const machineNow = shiftDate(() => offsetMs);

/**
 * Resolves once all output so far has been passed on: a thread's output waits in it while the earlier output is on its way.
 * Otherwise the answer of an invocation could come before the lines that it logged.
 */
async function passOutput(): Promise<void> {
  for (const output of [process.stdout, process.stderr]) {
    if (output.writableLength > 0) await new Promise<void>((done) => output.write('', () => done()));
  }
}

/** The report of an invocation that has thrown. */
function failure(error: unknown): Report {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { type: 'failed', errorType: name, message, stack: stack ?? '' };
}

/** Imports the function's module. @throws Error if it does not export the handler. */
async function loadHandler(): Promise<Handler> {
  const module: Record<string, unknown> = await import(pathToFileURL(start.handlerFile).href);
  const handler = module[start.handlerName];
  if (typeof handler !== 'function') {
    throw new Error(`${start.handlerFile} exports no function '${start.handlerName}'`);
  }
  return (event, context) => Reflect.apply(handler, undefined, [event, context]);
}

/** The second argument of a handler. @param deadlineMs By the machine's clock. */
function contextOf(requestId: string, deadlineMs: number) {
  return {
    functionName: start.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: start.functionArn,
    memoryLimitInMB: String(start.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${start.functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - machineNow()),
  };
}

let handler: Handler;
try {
  handler = await loadHandler();
} catch (error) {
  await report(failure(error));
  throw error;
}

/** The byte that ends an invocation in a pipe. */
const LINE_BREAK = 0x0a;
/** The most bytes that are read from the pipe at once. */
const READ_BYTES = 65_536;
/** How many invocations have come. */
let received = 0;

/** Runs one invocation and reports its end. */
async function handleMessage(invocation: Invocation): Promise<void> {
  received += 1;
  const { requestId, payload, trace, freezes, deadlineMs, clockOffsetMs } = invocation;
  offsetMs = clockOffsetMs;
  process.env['_X_AMZN_TRACE_ID'] = trace;
  let answer: Report;
  try {
    const result = await handler(JSON.parse(payload), contextOf(requestId, deadlineMs));
    answer = { type: 'done', payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    answer = failure(error);
  }
  await passOutput();
  await report(answer);
  // Timers and sockets that became ready meanwhile run after the next invocation has begun.
  if (freezes) void handleMessage(thaw());
}

/** Waits for the next invocation. Nothing runs until then, neither timers nor what sockets received. */
function thaw(): Invocation {
  if (thread !== null && invocations !== undefined) {
    for (let sent = received; sent <= received; sent = Atomics.load(invocations, 0))
      Atomics.wait(invocations, 0, sent);
    return receiveMessageOnPort(thread)?.message;
  }
  const parts: Buffer[] = [];
  for (;;) {
    const bytes = Buffer.alloc(READ_BYTES);
    const length = readSync(THAWS, bytes);
    if (length === 0) process.exit();
    parts.push(bytes.subarray(0, length));
    if (bytes[length - 1] === LINE_BREAK) return JSON.parse(Buffer.concat(parts).toString());
  }
}

(thread ?? process).on('message', handleMessage);
await report({ type: 'ready' });
