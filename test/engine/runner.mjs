// A deployed function as a process: it reads an invocation a line, and writes each answer as a line to the descriptor that
// its first argument names. Logs go where the process's do.
//   node runner.mjs DESCRIPTOR
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const descriptor = Number(process.argv[2]);
const env = process.env;
const [file, name] = env._HANDLER.split(/\.(?=[^.]*$)/);
const path = join(env.LAMBDA_TASK_ROOT, file);
// Code of a template is in a .js.
const { [name]: handler } = await import(
  pathToFileURL(existsSync(`${path}.mjs`) ? `${path}.mjs` : `${path}.js`).href
);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, arn, seconds, event } = JSON.parse(line);
  const end = Date.now() + seconds * 1_000;
  const context = {
    awsRequestId: id,
    invokedFunctionArn: arn,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => end - Date.now(),
  };
  answer(
    await handler(event, context).then(
      (result) => ({ result: result ?? null }),
      (error) => ({
        error: { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') },
      }),
    ),
  );
}

function answer(value) {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length; at += writeSync(descriptor, bytes, at));
}
