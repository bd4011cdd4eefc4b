// Hostile requests, one after the other: the requests as JSON on stdin, their outcomes on stdout.
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { LandedObject } from '../../../../lib/landing/lines/LandedObject.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { peakRssMib } from '../../../harness/peakRssMib.ts';
import { request, startCollector } from '../startCollector.ts';
import { ANSWER_WITHIN_MS, HOSTILE_REDACT, type HostileOutcome } from './hostileBodies.ts';

/** Counts the time of the processor, because other tests run beside it. */
class ProcessorClock extends ManualClock {
  override now(): number {
    const { user, system } = process.cpuUsage();
    return Date.UTC(2026, 10, 20, 7, 32) + Math.floor((user + system) / 1_000);
  }
}

const requests = z
  .array(
    z.strictObject({
      body: z.string(),
      headers: z.record(z.string(), z.string()),
      query: z.string(),
      redacts: z.boolean(),
    }),
  )
  .parse(await json(process.stdin));

const bytes = { kept: 0, landed: 0 };
/** A collector that keeps no row: only the lengths of what it stores. */
function collector(redacts: boolean) {
  const putRecord = async (record: Uint8Array) => {
    for (const { lines } of new LandedObject(record).parts())
      for (const { kind, from, to } of lines) bytes[kind === 'quarantine' ? 'kept' : 'landed'] += to - from;
  };
  return startCollector({
    config: redacts ? { privacy: { redact: HOSTILE_REDACT, salt: 'sixteen characters at least' } } : {},
    clock: new ProcessorClock(0),
    withinMs: ANSWER_WITHIN_MS,
    parts: () => ({
      stream: { putRecord },
      // A request with more rows than a record of the stream takes.
      putObject: ({ body }) => putRecord(body),
      putQuarantineLarge: async ({ body }) => {
        bytes.kept += body.length;
      },
    }),
  });
}

const outcomes: HostileOutcome[] = [];
for (const { body, headers, query, redacts } of requests) {
  Object.assign(bytes, { kept: 0, landed: 0 });
  const before = process.cpuUsage();
  const { status, answer } = await collector(redacts).send(
    request({ body: Buffer.from(body, 'base64'), headers, query }),
  );
  const { user, system } = process.cpuUsage(before);
  outcomes.push({
    status,
    code: String(answer['code'] ?? '') || null,
    cpuMs: (user + system) / 1_000,
    rssMib: peakRssMib(),
    keptBytes: bytes.kept,
    landedBytes: bytes.landed,
  });
}
process.stdout.write(JSON.stringify(outcomes));
