// The entry of an execution environment: a worker thread that does what Lambda's Node runtime does: loads the
// bundle once, then takes one invocation at a time. The handler sees an event, a context and its own
// process.env, and cannot tell the difference.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { invocationSchema, type Report, startSchema } from './protocol.ts';
import { shiftDate } from './shiftDate.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const port = parentPort;
if (port === null) throw new Error('runtime.ts runs in a worker thread only');
const report = (message: Report) => port.postMessage(message);
const start = startSchema.parse(workerData);
let offsetMs = start.clockOffsetMs;
const machineNow = shiftDate(() => offsetMs);

function failure(error: unknown): Report {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { type: 'failed', errorType: name, message, stack: stack ?? '' };
}

async function loadHandler(): Promise<Handler> {
  const module: Record<string, unknown> = await import(pathToFileURL(start.handlerFile).href);
  const handler = module[start.handlerName];
  if (typeof handler !== 'function') {
    throw new Error(`${start.handlerFile} exports no function '${start.handlerName}'`);
  }
  return (event, context) => Reflect.apply(handler, undefined, [event, context]);
}

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
  report(failure(error));
  throw error;
}

port.on('message', async (message: unknown) => {
  const { requestId, payload, trace, deadlineMs, clockOffsetMs } = invocationSchema.parse(message);
  offsetMs = clockOffsetMs;
  process.env['_X_AMZN_TRACE_ID'] = trace;
  try {
    const result = await handler(JSON.parse(payload), contextOf(requestId, deadlineMs));
    report({ type: 'done', payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    report(failure(error));
  }
});
report({ type: 'ready' });
