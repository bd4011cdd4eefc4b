import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
const [, section = ''] = /^## From an event to a row\n(.*?)^## /ms.exec(readme) ?? [];
/** The blocks of code of the section, in order: what `npm start` prints, commands, their output, and lines of SDKs. */
const [welcome = '', commands = '', output = '', sdkLines = ''] = [
  ...section.matchAll(/^```\w*\n(.*?)^```$/gms),
].map(([, block = '']) => block);
/** The addresses of the README. */
const PRINTED = {
  console: 'http://127.0.0.1:4701/',
  collector: 'http://127.0.0.1:4700',
  edge: 'http://127.0.0.1:4566',
};

describe('the README, from an event to a row', () => {
  const project = temporaryDirectory();
  const sluice = join(repositoryRoot, 'cli', 'sluice.mjs');
  const data = join(project.path, 'data');
  const cloud = spawn(
    process.execPath,
    [sluice, 'start', '--port', '0', '--edge-port', '0', '--data', data],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  let places = PRINTED;
  beforeAll(async () => {
    // What `npx sluice` finds in the repository.
    const bin = join(project.path, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(sluice, join(bin, 'sluice'));
    for await (const chunk of cloud.stdout.setEncoding('utf8')) {
      printed += chunk;
      if (printed.includes('Ctrl-C')) break;
    }
    const address = (line: string, path = '') =>
      new RegExp(`^  ${line} +(http://127\\.0\\.0\\.1:\\d+${path})`, 'm').exec(printed)?.[1] ?? '';
    places = {
      console: address('Open the console', '/'),
      collector: address('Point an SDK at'),
      edge: address('AWS endpoint'),
    };
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
    });
    if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
    return stdout;
  };

  it('has what npm start prints', () => {
    const lines = here(welcome)
      .replace(/\(\d.*? s\)/, '')
      .split('\n');
    const ended = lines.findIndex((line) => line.trim() === '…');
    expect(ended).toBeGreaterThan(3);
    const started = printed.replace(/\(\d.*? s\)/, '').split('\n');
    expect(started.slice(0, ended)).toEqual(lines.slice(0, ended));
    // The ports of the README are those that are taken unless an option says otherwise; the console's is the next one.
    const help = run('npx sluice start --help');
    for (const port of [PRINTED.collector, PRINTED.edge].map((address) => new URL(address).port))
      expect(help).toContain(`default ${port}`);
    expect(Number(new URL(PRINTED.console).port)).toBe(Number(new URL(PRINTED.collector).port) + 1);
  });

  it('has commands that send an event, deliver it and query it, and their output', () => {
    const today = new Date().toISOString().slice(0, 10);
    expect(run(commands)).toContain(output.replace('2026-11-20', today));
  });

  it('has a trace that says where her event is, and by its ID each step', async () => {
    const [, command = ''] = /`(npx sluice trace ada [^`]*)`/.exec(section) ?? [];
    const found = run(command);
    const [id = ''] = /\b[0-9a-f]{32}\b/.exec(found) ?? [];
    expect(found).toContain('queryable');
    const steps = run(command.replace('ada', id).replace(' --as user', ''));
    expect(steps.split('\n').length).toBeGreaterThan(found.split('\n').length);
    // The console has the same answer.
    const answer = await fetch(new URL(`/api/trace?id=${id}`, places.console));
    expect(await answer.json()).toMatchObject({ state: 'queryable', subject: 'event' });
  });

  it('has lines of SDKs whose events come', () => {
    // The lines are those of a browser and of a server; each is an expression of a program that logs one event.
    const [client, server, ...others] = here(sdkLines).match(/^new .*(?=;$)/gm) ?? [];
    expect(others).toEqual([]);
    const file = join(project.path, 'sdks.mjs');
    const moduleOf = (name: string) => JSON.stringify(join(repositoryRoot, name));
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
