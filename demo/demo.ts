// `npm run demo` shows everything in one command; with `-- --console` also in the console. Real SDKs post to the local
// cloud over three days, and a customer delivers files and corrects them. A week of events is curated over night. The
// demo compares what was sent with what was stored, and exits 1 if any figure differs.
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
const data = dataDirectory(options.data);
// This process and its children read this configuration.
const file = join(projectRoot, 'demo', 'sluice.config.ts');
process.env['SLUICE_CONFIG'] = file;
const config = await loadConfig(file, LOCAL_STAGE);

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
const deployment = openStoryDeployment({ cloud, config });
const ended = await tell({ cloud, config, checks, deployment, today: utcDay(startedAt) })
  .catch(async (error: unknown) => {
    await cloud.close();
    throw error;
  })
  .finally(() => deployment.close());

heading('The audit');
for (const problem of checks.failed) say(`✗ ${problem}`);
say(
  `${checks.passed} figures agree, ${checks.failed.length} differ; ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`,
);
say(
  `The data is kept: npx sluice query "show tables" --data ${shellCommand([relative(process.cwd(), data) || data])}`,
);
say(
  `The demo ends three nights later, at ${ended}. To continue with its data, start a local cloud on ports of its own (docs/local.md), and set its clock:`,
);
// It is not the default port, because a cloud that is running there keeps its own time.
say(`curl -f -X POST http://127.0.0.1:4576/_sluice/clock -d '{"now":"${ended}"}'`);
process.exitCode = checks.failed.length === 0 ? 0 : 1;
if (options.console) await showConsole();
await cloud.close();

/** Shows in the console what the demo has done, until Ctrl-C. */
async function showConsole(): Promise<void> {
  const page = await openLocalConsole(cloud, { port: 0 });
  say(`\nThe console shows all of it, until Ctrl-C: ${page.address}`);
  await untilInterrupted();
  await page.close();
}

/** Runs all parts. @returns The time of the local cloud at the end. */
async function tell(story: Story): Promise<string> {
  await tellEvents(story);
  const account = config.sources[0]?.owner ?? '';
  const customer = await Customer.open(cloud.edge, account);
  try {
    const end = await tellDrops(story, customer);
    return await tellCurated(story, end);
  } finally {
    customer.close();
  }
}

/**
 * The data directory: `.sluice/demo`, which is emptied; or that of `--data`, which must be empty because it may hold
 * anything.
 */
function dataDirectory(given: string | undefined): string {
  if (given !== undefined) {
    if (existsSync(given) && readdirSync(given).length > 0) {
      writeNote(`--data ${given}: expected an empty directory, or none.\n`);
      process.exit(2);
    }
    return resolve(given);
  }
  const demoDirectory = sluiceFolder(projectRoot, 'demo');
  emptyDataDirectory(demoDirectory);
  return demoDirectory;
}
