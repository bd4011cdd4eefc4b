// Hostile requests, one after the other: node bench/collect/hostileOnce.ts, the requests as JSON on stdin, their outcomes on stdout.
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { systemClock as clock } from '../../lib/base/time.ts';
import { collectPlan } from '../../lib/collect/CollectPlan.ts';
import { type Collector, collectRequest } from '../../lib/collect/collectRequest.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { GroupsCache } from '../../lib/groups/GroupsCache.ts';
import { quarantineWriter } from '../../lib/landing/quarantineWriter.ts';
import { KeyCache } from '../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../lib/wire/keys/KeyGate.ts';
import { HOSTILE_REDACT } from './hostileBodies.ts';
import type { HostileOutcome } from './takeHostile.ts';

/** Deadline of a request, milliseconds: more than any needs. */
const NO_LIMIT_MS = 600_000;

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
const stream = (to: keyof typeof bytes) => async (records: readonly Uint8Array[]) => {
  for (const { length } of records) bytes[to] += length;
  return { kind: 'answered' as const, errorCodes: records.map(() => null) };
};

/** A collector whose streams and bucket accept everything. */
function collector(redacts: boolean): Collector {
  const privacy = redacts ? { redact: HOSTILE_REDACT, salt: 'sixteen characters at least' } : {};
  const config = defineConfig({ bucket: 'bench', allowAnyKey: true, privacy });
  return {
    plan: collectPlan(config),
    groups: new GroupsCache({
      read: async () => 'none',
      clock,
      random: Math.random,
      log: () => {},
      countFailure: () => {},
    }),
    keys: new KeyGate({
      configured: [],
      cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random: Math.random, log: () => {} }),
      allowAnyKey: true,
      limit: { perSecond: 1_000, burst: 1_000 },
      clock,
    }),
    streams: { exposures: stream('landed'), events: stream('landed'), quarantine: stream('kept') },
    putOverflow: async () => {},
    writeQuarantine: quarantineWriter(config),
    putQuarantineLarge: async ({ body }) => {
      bytes.kept += body.length;
    },
    clock,
    wait: async () => {},
    alarm: () => () => {},
    random: Math.random,
    log: () => {},
    logSuccess: () => false,
    writeMetrics: () => {},
    stage: 'bench',
  };
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
    clock.now() + NO_LIMIT_MS,
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
