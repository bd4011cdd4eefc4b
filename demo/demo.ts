// `npm run demo` shows everything in one command; with `-- --console` also in the console, with `-- --data DIR` with its
// data elsewhere. Real SDKs post to the local cloud over three days, and a customer delivers files and corrects them.
// Then a week of events comes late, and is curated in the next night. The demo compares what was sent with what was stored, and
// exits 1 if any figure differs.
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openLocalConsole } from '../cli/aws/localConsole.ts';
import { untilInterrupted } from '../cli/terminal/interrupt.ts';
import { writeNote } from '../cli/terminal/output.ts';
import { shellCommand } from '../lib/base/text.ts';
import { utcDay } from '../lib/base/time.ts';
import { loadConfig } from '../lib/config/loadConfig.ts';
import { sluiceFolder } from '../lib/config/sluiceFolder.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';
import { projectRoot } from '../local/roots.ts';
import { startCloud } from '../local/startCloud.ts';
import { emptyDataDirectory } from '../packages/local-aws/src/disk/dataDirectory.ts';
import { Customer } from './story/Customer.ts';
import { Checks, heading, openStoryDeployment, type Story, say } from './story/Story.ts';
import { tellCurated } from './story/tellCurated.ts';
import { tellDrops } from './story/tellDrops.ts';
import { tellEvents } from './story/tellEvents.ts';

const startedAt = Date.now();
const options = parseArgs({
  options: { data: { type: 'string' }, console: { type: 'boolean', default: false } },
}).values;
const data = prepareDataDirectory(options.data);
// This process and its children read this configuration.
const file = join(projectRoot, 'demo', 'sluice.config.ts');
process.env['SLUICE_CONFIG'] = file;
const config = await loadConfig(file, LOCAL_STAGE);

/** Ports on which the demo can be continued. A cloud on the default ports may be running, with a clock of its own. */
const CONTINUED = { port: 4_710, edgePort: 4_576 } as const;

heading('1. The local cloud');
const cloud = await startCloud({
  port: 0,
  edgePort: 0,
  data,
  onPackaging: say,
});
say(`collector  ${cloud.collector}`);
say(`edge       ${cloud.edge}   every AWS service that Sluice needs, with its own protocol`);

const checks = new Checks();
try {
  const endedAt = await tell();
  tellResult(endedAt);
  if (options.console) await showConsole();
} finally {
  await cloud.close();
}

/** Says how many figures agree, and how to go on. @param endedAt The time of the local cloud, ISO 8601. */
function tellResult(endedAt: string): void {
  const folder = shellCommand([relative(process.cwd(), data) || data]);
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
  heading('The audit');
  for (const problem of checks.failed) say(`✗ ${problem}`);
  say(`${checks.passed} figures agree, ${checks.failed.length} differ; ${seconds} s.`);
  say(`The data is kept: npx sluice query "show tables" --data ${folder}`);
  say(`The demo ends three nights later, at ${endedAt}. To continue with its data, start a local cloud:`);
  const ports = `--port ${CONTINUED.port} --edge-port ${CONTINUED.edgePort}`;
  say(
    `SLUICE_CONFIG=${shellCommand([relative(process.cwd(), file)])} npx sluice start --data ${folder} ${ports}`,
  );
  say('and set its clock in another terminal:');
  say(
    `curl -f -X POST http://127.0.0.1:${CONTINUED.edgePort}/_sluice/clock -d '${JSON.stringify({ now: endedAt })}'`,
  );
  process.exitCode = checks.failed.length === 0 ? 0 : 1;
}

/** Shows in the console what the demo has done, until Ctrl-C. */
async function showConsole(): Promise<void> {
  const page = await openLocalConsole(cloud, { port: 0 });
  say(`\nThe console shows all of it, until Ctrl-C: ${page.address}`);
  await untilInterrupted();
  await page.close();
}

/** Tells all parts of the story. @returns The time of the local cloud at the end, ISO 8601. */
async function tell(): Promise<string> {
  const deployment = openStoryDeployment({ cloud, config });
  try {
    const story: Story = { cloud, config, checks, deployment, today: utcDay(startedAt) };
    await tellEvents(story);
    const account = config.sources[0]?.owner;
    if (account === undefined) throw new Error('The first source of the demo has no owner.');
    const customer = await Customer.open(cloud.edge, account);
    try {
      const endOfDrops = await tellDrops(story, customer);
      return await tellCurated(story, endOfDrops);
    } finally {
      customer.close();
    }
  } finally {
    deployment.close();
  }
}

/**
 * Prepares the data directory and returns its path: `.sluice/demo`, which is emptied; or that of `--data`. As that may
 * hold anything, the process ends with 2 unless it is empty.
 */
function prepareDataDirectory(given: string | undefined): string {
  if (given !== undefined) {
    // An empty text would be the current folder.
    if (given === '' || (existsSync(given) && readdirSync(given).length > 0)) {
      writeNote(`--data ${given || '""'}: expected an empty directory, or none.\n`);
      process.exit(2);
    }
    return resolve(given);
  }
  const demoDirectory = sluiceFolder(projectRoot, 'demo');
  emptyDataDirectory(demoDirectory);
  return demoDirectory;
}
