import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { beginLoad, judgeLoad } from '../../../cli/probe/ask/askLoadEngine.ts';
import { openProbe } from '../../../cli/probe/openProbe.ts';
import { utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { localAccount } from '../../../local/localAccount.ts';
import { readLedgerDays } from '../../../observe/ingest/readLedgerDays.ts';
import { callMain } from '../../harness/callMain.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { decideCall } from '../../lib/access/decideCall.ts';
import { startProbed } from './startProbed.ts';

const recordedCall = z.object({
  principal: z.string(),
  permissions: z.array(
    z.object({ action: z.string(), resource: z.string(), context: z.record(z.string(), z.string()) }),
  ),
});
const policy = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(z.record(z.string(), z.unknown())),
});
/** The key's policy, as in infra/key.ts. */
const leftToIam = {
  Version: '2012-10-17' as const,
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${localAccount.id}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};
const DROPS = 'acme-own-drops';
const TODAY = utcDay(Date.now());
const source = (name: string, owner: string) => ({
  name,
  bucket: `acme-${name}-drops`,
  owner,
  datasets: [{ name: 'events', kind: 'events' as const }],
});
const fields = {
  bucket: 'acme-probed',
  sources: [source('own', localAccount.id), source('others', '111122223333')],
};

describe("the probe's question whether DuckDB starts", () => {
  let probed: Awaited<ReturnType<typeof startProbed>>;
  const directory = temporaryDirectory();
  beforeAll(async () => {
    probed = await startProbed(fields);
    await probed.s3.send(new CreateBucketCommand({ Bucket: DROPS }));
  });
  afterAll(async () => {
    await probed.close();
    directory.remove();
  });

  async function withDeployment<Result>(
    config: Parameters<typeof defineConfig>[0],
    work: (context: Awaited<ReturnType<typeof openProbe>>) => Promise<Result>,
  ): Promise<Result> {
    const { region, accessKeyId, secretAccessKey } = localAccount;
    const credentials = { accessKeyId, secretAccessKey };
    const context = await openProbe(
      {
        stack: { service: 'sluice', stage: 'local' },
        aws: { region, endpoint: probed.cloud.edge, credentials },
        isLocal: true,
        config: defineConfig(config),
      },
      undefined,
    );
    try {
      return await work(context);
    } finally {
      context.close();
    }
  }
  const run = () => ({ id: '0', collector: probed.cloud.collector, key: 'client-x', time: Date.now() });

  it('says what to do without an own source, and without a drop', async () => {
    const others = { ...fields, sources: [source('others', '111122223333')] };
    expect(await withDeployment(others, (context) => beginLoad(context, run()))).toMatchObject({
      verdict: 'unanswered',
      found: expect.stringMatching(/^every source is in another account/),
    });
    expect(await withDeployment(fields, (context) => beginLoad(context, run()))).toMatchObject({
      verdict: 'unanswered',
      found: expect.stringMatching(
        /^no day of at most 64 MiB is in the ledger of own\/events: put a small file/,
      ),
    });
  });

  it('loads the smallest day again, and reports one that is never loaded', async () => {
    const file = join(directory.path, 'a.parquet');
    const duckDb = await DuckDBInstance.create();
    const connection = await duckDb.connect();
    await connection.run(
      `COPY (SELECT now() AS timestamp, 'seen' AS event_name, 'u1' AS unit_id) TO '${file}' (FORMAT parquet)`,
    );
    connection.closeSync();
    duckDb.closeSync();
    await probed.s3.send(
      new PutObjectCommand({ Bucket: DROPS, Key: `events/${TODAY}/a.parquet`, Body: readFileSync(file) }),
    );
    const asked = ['--source', 'own', '--dataset', 'events', '--from', TODAY];
    const { code } = await callMain([
      ...['ingest', 'backfill', ...asked, '--local', '--endpoint-url', probed.cloud.edge],
    ]);
    expect(code).toBe(0);
    await probed.control('POST', 'flush');

    await probed.control('DELETE', 'calls');
    const { answers } = await probed.probe([]);
    expect(answers.get('LOAD_ENGINE')).toMatchObject({
      verdict: 'expected',
      found: `own/events ${TODAY}: loaded, rows 1`,
    });

    const never = await withDeployment(fields, async ({ flush: _, ...context }) => {
      const day = { source: 'own', dataset: 'events', day: TODAY };
      const [[known] = []] = await readLedgerDays({ s3: context.clients.s3, config: context.config }, [
        [day],
      ]);
      if (known?.entry == null) throw new Error('The ledger has no such day.');
      let now = 0;
      const wait = async (ms: number) => {
        now += ms;
      };
      return judgeLoad({ ...context, clock: { now: () => now }, wait }, known.entry);
    });
    expect(never).toMatchObject({
      verdict: 'otherwise',
      found: `own/events ${TODAY}: succeeded after 180 s`,
    });
  });

  it('needs only permissions of the printed policy', async () => {
    const report = await (await fetch(`${probed.cloud.edge}/_sluice/calls`)).json();
    const { calls } = z.object({ calls: z.array(recordedCall) }).parse(report);
    const needed = calls
      .filter(({ principal }) => principal.endsWith(':root'))
      .flatMap(({ permissions }) => permissions)
      // Without it S3 says 403 of an object that is not there, instead of 404: the probe takes both.
      .filter(({ action, context }) => action !== 's3:ListBucket' || 's3:prefix' in context);
    const keyArn = needed.find(({ action }) => action === 'kms:Decrypt')?.resource ?? '';
    const { stdout } = await callMain([
      ...['policy', 'print', '--for', 'probe', '--stage', 'local', '--account', localAccount.id],
      ...['--key', keyArn, '--json'],
    ]);
    const { permissions } = z.object({ permissions: policy }).parse(JSON.parse(stdout));
    const decided = (action: string, resource: string, context = {}) =>
      decideCall(
        {
          principal: `arn:aws:iam::${localAccount.id}:user/probe`,
          policies: [permissions],
          ...(action.startsWith('kms:') ? { resourcePolicy: leftToIam } : {}),
        },
        { action, resources: [resource], context },
      );
    const refused: string[] = [];
    for (const { action, resource, context } of needed)
      if ((await decided(action, resource, context)) !== 'Allowed')
        refused.push(`${action} ${resource} ${JSON.stringify(context)}`);
    expect([needed.length > 100, refused]).toEqual([true, []]);
    const ofLocal = (service: string, resource: string) =>
      `arn:aws:${service}:${localAccount.region}:${localAccount.id}:${resource}`;
    // Calls that are not made to the local cloud.
    expect(
      await Promise.all([
        decided('cloudformation:DescribeStacks', ofLocal('cloudformation', 'stack/sluice-local/1')),
        // The reference knows one resource of it, which the policy's `*` covers.
        decided('cloudwatch:GetMetricData', ofLocal('cloudwatch', 'dataset/default')),
        decided('lambda:GetFunctionRecursionConfig', ofLocal('lambda', 'function:sluice-local-ingest-plan')),
        decided('s3:DeleteObject', 'arn:aws:s3:::acme-probed/parked/overflow/events/a.ndjson.gz'),
        decided('s3:GetObject', 'arn:aws:s3:::acme-own-drops/events/a.parquet'),
      ]),
    ).toEqual(['Allowed', 'Allowed', 'Allowed', 'ImplicitlyDenied', 'ImplicitlyDenied']);
  });
});
