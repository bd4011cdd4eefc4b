import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';
import { eventually } from '../harness/waiting.ts';

const readme = textOf('README.md');
const [, section = ''] = /^## From an event to a row\n(.*?)^## /ms.exec(readme) ?? [];
/** The blocks of code of the section, in order: what `npm start` prints, commands, their output, and lines of SDKs. */
const blocks = [...section.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, block = '']) => block);
const [welcome = '', commands = '', output = '', sdkLines = ''] = blocks;
/** The addresses of the README. */
const PRINTED = {
  console: 'http://127.0.0.1:4701/',
  collector: 'http://127.0.0.1:4700',
  edge: 'http://127.0.0.1:4566',
};

describe('the README, from an event to a row', () => {
  const project = temporaryDirectory();
  const sluice = join(projectRoot, 'cli', 'sluice.mjs');
  const data = join(project.path, 'data');
  let cloud: ChildProcess;
  let printed = '';
  let places = PRINTED;
  /** What the commands print. */
  let answer = '';
  beforeAll(async () => {
    // Below the ports that a system gives to programs without one of their own, so that the next one is free, too.
    const port = String(20_000 + 2 * (process.pid % 5_000));
    cloud = spawn(process.execPath, [sluice, 'start', '--port', port, '--edge-port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // What `npx sluice` finds in the repository.
    const bin = join(project.path, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(sluice, join(bin, 'sluice'));
    await new Promise<void>((resolve, reject) => {
      cloud.stdout?.setEncoding('utf8').on('data', (chunk) => {
        printed += chunk;
        // The last line says how it ends.
        if (printed.includes('Ctrl-C')) resolve();
      });
      cloud.once('exit', () => reject(new Error(`sluice start ended: ${printed}`)));
    });
    const address = (line: string, path = '') => {
      const [, found] =
        new RegExp(`^  ${line} +(http://127\\.0\\.0\\.1:\\d+${path})`, 'm').exec(printed) ?? [];
      if (found === undefined) throw new Error(`sluice start has no line ${line}: ${printed}`);
      return found;
    };
    places = {
      console: address('Open the console', '/'),
      collector: address('Point an SDK at'),
      edge: address('AWS endpoint'),
    };
    // The README's request is sent once. On a busy machine the first start of a function may take too long for it.
    const empty = { method: 'POST', headers: { 'statsig-api-key': 'client-demo' }, body: '{"events":[]}' };
    await eventually('a collector that has started', async () => {
      const { status } = await fetch(`${places.collector}/v1/log_event`, empty);
      return status === 202;
    });
    answer = run(commands);
  });
  afterAll(async () => {
    if (cloud.exitCode === null) {
      cloud.kill('SIGTERM');
      await once(cloud, 'exit');
    }
    project.remove();
  });

  /** A text of the README with the addresses and the data of this cloud. */
  const here = (text: string) =>
    text
      .replaceAll(PRINTED.console, places.console)
      .replaceAll(PRINTED.collector, places.collector)
      .replaceAll(PRINTED.edge, places.edge)
      .replaceAll('npx sluice query', `npx sluice query --data ${data}`)
      .replaceAll('--local', `--local --endpoint-url ${places.edge}`);
  const run = (script: string) => {
    const { stdout, stderr, status } = spawnSync('sh', ['-e', '-c', here(script)], {
      cwd: project.path,
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
    return stdout;
  };

  it('has what sluice start prints, up to the dots', () => {
    expect(blocks).toHaveLength(4);
    const [, shown = ''] = /^(.*?)\n *…\n$/s.exec(here(welcome)) ?? [];
    const untimed = (text: string) => text.replace(/\(\d.*? s\)/, '');
    expect(shown.split('\n')).toHaveLength(5);
    expect(untimed(printed)).toContain(untimed(shown));
  });

  it('has the ports that are taken unless an option says otherwise', () => {
    const portOf = (address: string) => Number(new URL(address).port);
    const help = run('npx sluice start --help');
    for (const address of [PRINTED.collector, PRINTED.edge])
      expect(help).toContain(`default ${portOf(address)}`);
    // The console's is counted from the collector's.
    expect(portOf(PRINTED.console) - portOf(PRINTED.collector)).toBe(
      portOf(places.console) - portOf(places.collector),
    );
  });

  it('has the output of its commands, but for the day', () => {
    expect(answer.replace(/\d{4}-\d{2}-\d{2}/, '2026-11-20')).toContain(output);
  });

  it('has a trace that finds the event of its commands, and by its ID the file and the view', async () => {
    const [, command = ''] = /`(npx sluice trace ada [^`]*)`/.exec(section) ?? [];
    const found = run(command);
    const [id = ''] = /\b[0-9a-f]{32}\b/.exec(found) ?? [];
    expect(found).toContain('queryable');
    const steps = run(command.replace('ada', id).replace(' --as user', ''));
    expect(steps).toMatch(/statsig_forwarded_events\/\S+\.parquet/);
    expect(steps).toContain('product_events');
    // The console has the same answer.
    const sent = await fetch(new URL(`/api/trace?id=${id}`, places.console));
    expect(await sent.json()).toMatchObject({ state: 'queryable', subject: 'event' });
  });

  it('has lines of SDKs whose events come', () => {
    // The lines are those of a browser and of a server; each is an expression of a program that logs one event.
    const [client, server, ...others] = here(sdkLines).match(/^new .*(?=;$)/gm) ?? [];
    expect(others).toEqual([]);
    const file = join(project.path, 'sdks.mjs');
    const moduleOf = (name: string) => JSON.stringify(join(projectRoot, name));
    writeFileSync(
      file,
      `import { createRequire } from 'node:module';
import { openWindow } from ${moduleOf('demo/sdks/startBrowserSpecs.ts')};
const require = createRequire(${moduleOf('package.json')});
const user = { userID: 'ada' };
const { Statsig, StatsigUser } = require('@statsig/statsig-node-core');
const server = ${server};
server.logEvent(new StatsigUser(user), 'by_server');
await server.flushEvents();
await server.shutdown();
const window = openWindow();
const { StatsigClient } = require('@statsig/js-client');
const client = ${client};
client.logEvent('by_client');
await client.flush();
await client.shutdown();
await window.happyDOM.close();
process.exit(0);
`,
    );
    run(`${process.execPath} ${file}`);
    run(`curl -sf -X POST ${PRINTED.edge}/_sluice/flush`);
    const names = run(
      `npx sluice query --json "select event_name from statsig_forwarded_events where event_name like 'by_%' order by 1"`,
    );
    expect(names.match(/by_client|by_server/g)).toEqual(['by_client', 'by_server']);
  });
});
