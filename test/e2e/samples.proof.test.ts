import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';

const run = promisify(execFile);
const scratch = temporaryDirectory();
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data: join(scratch.path, 'data') });
});
afterAll(async () => {
  await cloud?.close();
  scratch.remove();
});

/** Samples of docs/send.md in a language, but for the addresses of `npm start`. */
function samples(language: string): readonly string[] {
  const page = textOf('docs', 'send.md');
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text = '']) =>
    text.replaceAll('http://127.0.0.1:4700', cloud.collector),
  );
}

/** No host but this machine: SDKs go on without their rules. */
const module = encodeURIComponent(`
import dns from 'node:dns';
const { lookup } = dns;
dns.lookup = (host, ...rest) => /^(127\\.|localhost)/.test(host)
  ? lookup(host, ...rest)
  : rest.at(-1)(Object.assign(new Error(host), { code: 'ENOTFOUND' }));`);
const OFFLINE = `data:text/javascript,${module}`;

const javascript = (code: string) =>
  run(process.execPath, ['--import', OFFLINE, '--input-type=module', '-e', code], { cwd: projectRoot });

async function rows(sql: string) {
  await cloud.flush();
  return runQuery(cloud.data, sql);
}
const counts =
  'SELECT event_name, count(*)::INTEGER AS n FROM statsig_forwarded_events GROUP BY 1 ORDER BY 1';

it('of docs/send.md are accepted as they are printed: curl, and js-client in Node', async () => {
  const [first = '', all = ''] = samples('sh');
  for (const text of [first, all]) {
    const { stdout } = await run('bash', ['-c', text], {
      env: { ...process.env, COLLECTOR_URL: cloud.collector },
    });
    expect(stdout).toBe('{"success":true}');
  }
  const [complete = ''] = samples('js');
  await javascript(complete);
  expect(await rows(counts)).toEqual([{ event_name: 'purchase', n: 3 }]);
  const exposures = 'SELECT experiment_id, group_id FROM statsig_forwarded_exposures ORDER BY 1';
  expect(await rows(exposures)).toEqual([
    { experiment_id: 'checkout_button', group_id: 'Test' },
    { experiment_id: 'new_nav', group_id: 'r1:Pass' },
  ]);
});

it('of docs/send.md set the log URL of each SDK', async () => {
  const [options = ''] = samples('ts');
  const [client = '', core = '', legacy = ''] = options
    .split(/^\/\/ .*$/m)
    .flatMap((text) => text.trim() || []);
  const known = `const collector = '${cloud.collector}', clientKey = 'client-demo', serverSecret = 'secret-demo', user = { userID: 'ada' };`;
  await javascript(`import { StatsigClient } from '@statsig/js-client'; ${known}
    const made = ${client}
    made.updateRuntimeOptions({ loggingEnabled: 'always' });
    made.logEvent('by js-client'); await made.flush(); await made.shutdown();`);
  await javascript(`import { Statsig, StatsigUser } from '@statsig/statsig-node-core'; ${known}
    const made = ${core}
    made.logEvent(new StatsigUser(user), 'by Server Core'); await made.flushEvents(); process.exit();`);
  await javascript(`import Statsig from 'statsig-node'; ${known}
    await ${legacy}
    Statsig.logEvent(user, 'by statsig-node'); await Statsig.flush(); process.exit();`);
  expect(await rows(`${counts}`)).toEqual(
    expect.arrayContaining(
      ['by Server Core', 'by js-client', 'by statsig-node'].map((event_name) => ({ event_name, n: 1 })),
    ),
  );
});
