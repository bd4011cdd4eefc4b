// The collector's function in a process of its own, so that its processor time is measured alone: node
// collectorProcess.ts <bundle>. The process has the function's environment variables. bench/relay.bench.ts forks it,
// sends it the requests of a round, and gets their cost.
import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { HttpRequest } from '../../lib/wire/sdkRequest.ts';

const { handler }: { handler: (event: unknown, context: unknown) => Promise<{ statusCode: number }> } =
  await import(pathToFileURL(process.argv[2] ?? '').href);

const roundSchema = z.strictObject({ /** Base64 of gzip. */ bodies: z.array(z.string()) });

/** Cost of a round of requests, sent one after the other. */
export interface RoundCost {
  /** Processor time of all threads of this process, microseconds. */
  readonly cpuUs: number;
  /** Milliseconds of each request. */
  readonly took: readonly number[];
}

const context = {
  functionName: 'sluice-bench-collect',
  getRemainingTimeInMillis: () => 30_000,
} satisfies Partial<Context>;

/** A request as API Gateway hands it over. */
function requestOf(body: string): HttpRequest {
  return {
    rawPath: '/v1/rgstr',
    rawQueryString: '',
    headers: {
      'statsig-api-key': 'client-bench',
      'content-encoding': 'gzip',
      'content-type': 'application/json',
      'user-agent': 'bench',
    },
    requestContext: { http: { method: 'POST', sourceIp: '203.0.113.7' } },
    isBase64Encoded: true,
    body,
  };
}

process.on('message', async (message) => {
  const requests = roundSchema.parse(message).bodies.map(requestOf);
  const took: number[] = [];
  const before = process.cpuUsage();
  for (const request of requests) {
    const startedAt = performance.now();
    const { statusCode } = await handler(request, { ...context });
    took.push(performance.now() - startedAt);
    if (statusCode !== 202) throw new Error(`The collector answered ${statusCode}.`);
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpuUs: user + system, took } satisfies RoundCost);
});
process.on('disconnect', () => process.exit());
