import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { repositoryRoot } from '../local/dataDirectory.ts';
import type { Bench, BenchRow } from './run.ts';

/** After so many events everything is delivered, and the memory is read. The first is the baseline of the others. */
const MEASURED_AT = { usual: [250_000, 500_000], full: [250_000, 500_000, 1_000_000, 2_000_000] };
const EVENTS_PER_REQUEST = 200;
const CONNECTIONS = 8;
const SAMPLE_MS = 100;

const readySchema = z.object({ collector: z.string(), edge: z.string(), pid: z.int() });

/** `npm start` on free ports and a data directory of its own, as a user has it. */
async function startCloud(data: string) {
  const child = spawn(
    process.execPath,
    [
      join(repositoryRoot, 'cli', 'sluice.mjs'),
      ...['start', '--json', '--quiet', '--data', data],
      ...['--port', '0', '--edge-port', '0', '--console-port', '0'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The local cloud ended with ${code}.`))),
  ]);
  return { child, ...readySchema.parse(JSON.parse(String(line))) };
}

/** Resident memory of a process, MB. */
function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`The process ${pid} has no memory.`);
  return Number(kilobytes) / 1024;
}

/** A body as a server sends it. No two events have the same user. */
function body(first: number): string {
  const time = Date.now();
  const events = Array.from({ length: EVENTS_PER_REQUEST }, (_, i) => {
    const user = { userID: `user-${first + i}`, customIDs: { companyID: `company-${(first + i) % 997}` } };
    return i % 2 === 0
      ? { eventName: 'page_view', value: i, user, time, metadata: { page: `/${i % 7}` } }
      : {
          eventName: 'statsig::gate_exposure',
          ...{ user, time },
          metadata: { gate: `gate_${i % 5}`, gateValue: 'true', ruleID: `rule_${i % 3}` },
        };
  });
  const statsigMetadata = { sdkType: 'statsig-node', sdkVersion: '6.5.2', sessionID: `session-${first}` };
  return JSON.stringify({ events, statsigMetadata });
}

/** Posts the events from one number to another, several requests at a time. */
async function send(collector: string, from: number, to: number): Promise<void> {
  let next = from;
  const work = async () => {
    for (let first = next; first < to; first = next) {
      next += EVENTS_PER_REQUEST;
      const answer = await fetch(`${collector}/v1/rgstr`, {
        method: 'POST',
        headers: { 'statsig-api-key': 'secret-bench', 'content-type': 'application/json' },
        body: body(first),
      });
      await answer.arrayBuffer();
      if (answer.status !== 202) throw new Error(`The collector answered ${answer.status}.`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

async function flush(edge: string): Promise<void> {
  const { ok } = await fetch(`${edge}/_sluice/flush`, { method: 'POST' });
  if (!ok) throw new Error('The local cloud did not deliver.');
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/**
 * Resident memory of the local cloud while events come in as fast as it takes them, against its memory after the first 250,000:
 * the highest since the row before, and what is left once everything is delivered. It needs Linux.
 */
const bench: Bench = {
  name: 'local memory',
  run: async ({ full, at }) => {
    const measuredAt = full ? MEASURED_AT.full : MEASURED_AT.usual;
    at('start of the local cloud');
    const data = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    const { child, collector, edge, pid } = await startCloud(data);
    const rows: BenchRow[] = [];
    let baseline: { readonly highest: number; readonly delivered: number } | undefined;
    let highest = 0;
    const sampling = setInterval(() => {
      highest = Math.max(highest, residentMb(pid));
    }, SAMPLE_MS);
    try {
      for (const [i, events] of measuredAt.entries()) {
        const name = `${events.toLocaleString('en-GB')} events`;
        at(name);
        await send(collector, measuredAt[i - 1] ?? 0, events);
        await flush(edge);
        const delivered = residentMb(pid);
        baseline ??= { highest, delivered };
        rows.push(
          { case: name, metric: 'highest_mb', value: highest, unit: 'MB' },
          { case: name, metric: 'delivered_mb', value: delivered, unit: 'MB' },
          { case: name, metric: 'highest_vs_first', value: highest / baseline.highest, unit: 'ratio' },
          { case: name, metric: 'delivered_vs_first', value: delivered / baseline.delivered, unit: 'ratio' },
        );
        highest = 0;
      }
    } finally {
      clearInterval(sampling);
      await end(child);
      rmSync(data, { recursive: true, force: true });
    }
    return rows;
  },
};
export default bench;
