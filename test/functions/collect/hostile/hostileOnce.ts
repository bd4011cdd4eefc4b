// Hostile requests, one after the other: node bench/collect/hostileOnce.ts, the requests as JSON on stdin, their outcomes on stdout.
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { type Collector, collectRequest } from '../../../../lib/collect/answer.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { LandedObject } from '../../../../lib/landing/lines/LandedObject.ts';
import { HOSTILE_REDACT } from './hostileBodies.ts';
import { offlineCollector } from './offlineCollector.ts';
import type { HostileOutcome } from './takeHostile.ts';

/** As long as the function has to answer, by the time of the processor: other tests run beside it. */
const ANSWER_WITHIN_MS = 2_500;
const clock = {
  now: () => {
    const { user, system } = process.cpuUsage();
    return Date.UTC(2026, 10, 20, 7, 32) + Math.floor((user + system) / 1_000);
  },
};

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
/** A collector whose streams and bucket accept everything. */
function collector(redacts: boolean): Collector {
  const privacy = redacts ? { redact: HOSTILE_REDACT, salt: 'sixteen characters at least' } : {};
  const config = defineConfig({ bucket: 'bench', allowAnyKey: true, privacy });
  const offline = offlineCollector(config, {
    putRecord: (record) => {
      for (const { lines } of new LandedObject(record).members())
        for (const { kind, from, to } of lines) bytes[kind === 'quarantine' ? 'kept' : 'landed'] += to - from;
    },
    putQuarantineLarge: (length) => {
      bytes.kept += length;
    },
  });
  return { ...offline, clock };
}

/**
 * The peak memory of this process. On Linux, a child's `maxRSS` includes the memory of its parent at the start; the peak in
 * /proc does not.
 */
function peakRssMb(): number {
  const status = platform() === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes ?? process.resourceUsage().maxRSS) / 1_024;
}

const outcomes: HostileOutcome[] = [];
for (const { body, headers, query, redacts } of requests) {
  Object.assign(bytes, { kept: 0, landed: 0 });
  const before = process.cpuUsage();
  const answer = await collectRequest(
    {
      rawPath: '/v1/rgstr',
      rawQueryString: query,
      headers: { 'statsig-api-key': 'client-key', ...headers },
      requestContext: { http: { method: 'POST' } },
      isBase64Encoded: true,
      body,
    },
    collector(redacts),
    clock.now() + ANSWER_WITHIN_MS,
  );
  const { user, system } = process.cpuUsage(before);
  const reply: { readonly code?: string } = JSON.parse(answer.body);
  outcomes.push({
    status: answer.status,
    code: reply.code ?? null,
    cpuMs: (user + system) / 1_000,
    rssMb: peakRssMb(),
    keptBytes: bytes.kept,
    landedBytes: bytes.landed,
  });
}
process.stdout.write(JSON.stringify(outcomes));
