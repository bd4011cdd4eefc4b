import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { utcDay } from '../../lib/base/time.ts';
import { VERSION } from '../../lib/base/version.ts';
import { functionNames } from '../../lib/config/functionConfig.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const SECRET = 'secret-acme';

describe('the version of a deployment', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  beforeAll(async () => {
    ingest = await ingestCloud({
      curate: true,
      // Nobody answers there.
      relay: { url: 'http://127.0.0.1:9' },
      sources: [
        {
          ...{ name: 'acme', bucket: DROPS, owner: CUSTOMER, schedule: 'hourly' as const },
          datasets: [{ name: 'events', kind: 'events' as const }],
        },
      ],
      exports: [
        {
          ...{ name: 'out', table: 'acme_events', schedule: 'hourly' as const },
          target: { bucket: 'acme-warehouse', owner: CUSTOMER },
        },
      ],
    });
  }, 120_000);
  afterAll(() => ingest.close());

  /** The lines of a function's log once it has one; logs reach their files after the answers. */
  async function linesOf(name: string): Promise<Record<string, unknown>[]> {
    const file = join(ingest.data, 'logs', `sluice-local-${name}.0.log`);
    const deadline = performance.now() + 20_000;
    for (;;) {
      const lines = read(file)
        .split('\n')
        // Behind the time of the line.
        .map((line) => line.slice(25))
        .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []));
      // The start line, and at least one of the invocation's own.
      if (lines.length > 1) return lines;
      if (performance.now() > deadline) throw new Error(`${name} has logged ${JSON.stringify(lines)}.`);
      await nextTurn();
    }
  }

  it('is in the first log line of every function, once for each execution environment', async () => {
    const post = async (path: string, key: string, body: object) => {
      const headers = { 'statsig-api-key': key };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const { status } = await fetch(`${ingest.cloud.collector}${path}`, init);
      return status;
    };
    for (let i = 0; i < 3; i += 1)
      expect(await post('/v1/rgstr', 'client-x', { events: [{ eventName: `e${i}` }] })).toBe(202);
    expect(await post('/v1/get_id_lists', 'secret-x', {})).toBe(503);
    const day = utcDay(Date.now());
    const row = `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT AS timestamp, 'e' AS event_name, 'u' AS unit_id`;
    await ingest.drop(`events/${day}/part.parquet`, row);
    await ingest.jump(26 * 3_600_000);
    for (let i = 0; i < 2; i += 1)
      await post('/v1/mark_data_ready_dwh', SECRET, { datestamps: [day], type: 'events' });
    await ingest.cloud.flush();
    for (const name of functionNames) {
      const lines = await linesOf(name);
      expect({ name, first: lines[0] }).toEqual({
        name,
        first: {
          ...{ level: 'info', event: 'start', version: VERSION, function: `sluice-local-${name}` },
          ...{ stage: 'local', node: process.version },
        },
      });
    }
    // The requests came one after the other, so one environment answered all of them.
    const starts = (await linesOf('collect')).filter(({ event }) => event === 'start');
    expect(starts).toHaveLength(1);
  }, 120_000);

  it('is an output of the stack, in the status of the local cloud, and on the first line of the doctor', async () => {
    const { edge: endpoint } = ingest.cloud;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new CloudFormationClient({ endpoint, region: 'us-east-1', credentials });
    const { Stacks: [stack] = [] } = await client.send(
      new DescribeStacksCommand({ StackName: 'sluice-local' }),
    );
    client.destroy();
    expect(stack?.Outputs).toContainEqual(
      expect.objectContaining({ OutputKey: 'SluiceVersion', OutputValue: VERSION }),
    );
    expect(ingest.cloud.status()).toMatchObject({ version: VERSION });
    const { stdout } = await callMain(['doctor', '--local'], { env: ingest.env });
    expect(stdout.split('\n')[0]).toBe(`This is Sluice ${VERSION}. sluice-local was deployed by ${VERSION}.`);
  });
});

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
