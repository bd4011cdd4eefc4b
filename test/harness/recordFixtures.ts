// Records what the real SDKs post, as fixtures: node test/harness/recordFixtures.ts
// Run again after an SDK was updated. Identifiers and times differ from run to run; nothing depends on them.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DAY_MS, HOUR_MS } from '../../lib/base/time.ts';
import { listen } from './listen.ts';
import type { StatsigFixture } from './StatsigFixture.ts';

const root = new URL('../../', import.meta.url);
const folder = new URL('test/fixtures/statsig/', root);

/** One run of an SDK whose requests are recorded. */
interface Run {
  /** Name of the folder of its fixtures. */
  readonly name: string;
  /** The npm package of the SDK. */
  readonly package: string;
  /** The program in demo/sdks that drives it, without its ending. */
  readonly driver: string;
  /** Settings of the driver. */
  readonly settings: Record<string, unknown>;
}

const days = [Date.now() - 2 * DAY_MS, Date.now() - DAY_MS, Date.now() - HOUR_MS];
const browser = { driver: 'driveJsClient', package: '@statsig/js-client' };
const server = { driver: 'driveNodeCore', package: '@statsig/statsig-node-core' };
const runs: readonly Run[] = [
  { name: 'js-client', ...browser, settings: { key: 'client-fixture', users: 3, days } },
  {
    name: 'js-client-gzip',
    ...browser,
    settings: {
      key: 'client-fixture',
      users: 2,
      days,
      compress: true,
      hash: 'none',
      path: '/v1/shop-data',
      environment: 'staging',
    },
  },
  { name: 'node-core', ...server, settings: { key: 'secret-fixture', users: 4 } },
  {
    name: 'node-core-staging',
    ...server,
    settings: { key: 'secret-fixture', users: 1, environment: 'staging' },
  },
];

for (const run of runs) {
  const packageJson: unknown = JSON.parse(
    readFileSync(new URL(`node_modules/${run.package}/package.json`, root), 'utf8'),
  );
  const version = String(Reflect.get(Object(packageJson), 'version'));
  const recorded: StatsigFixture[] = [];
  const sink = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://sink');
    recorded.push({
      sdk: run.package,
      version,
      source: 'recorded by test/harness/recordFixtures.ts',
      method: request.method ?? '',
      path: url.pathname,
      query: url.search.slice(1),
      headers: Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)])),
      body: Buffer.concat(chunks).toString('base64'),
    });
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"success":true}');
  });
  const driver = fileURLToPath(new URL(`demo/sdks/${run.driver}.ts`, root));
  const settings = { collector: await listen(sink), ...run.settings };
  const { stdout } = await promisify(execFile)(process.execPath, [driver, JSON.stringify(settings)], {
    timeout: 60_000,
  });
  sink.close();
  sink.closeAllConnections();

  rmSync(new URL(`${run.name}/`, folder), { recursive: true, force: true });
  mkdirSync(new URL(`${run.name}/`, folder), { recursive: true });
  for (const [i, fixture] of recorded.entries()) {
    const file = new URL(`${run.name}/${String(i + 1).padStart(2, '0')}.json`, folder);
    writeFileSync(file, `${JSON.stringify(fixture, null, 2)}\n`);
  }
  writeFileSync(new URL(`${run.name}/sent.json`, folder), stdout);
  process.stdout.write(`${run.name}: ${recorded.length} requests\n`);
}
