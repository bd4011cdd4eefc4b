import { join, relative } from 'node:path';
import type { Console } from '../../console/index.ts';
import { shellCommand, visibleLine } from '../../lib/base/text.ts';
import { VERSION } from '../../lib/base/version.ts';
import { defaultDataDirectory } from '../../local/roots.ts';
import type { Cloud } from '../../local/startCloud.ts';
import {
  type Command,
  type CommandLine,
  countOption,
  filledOption,
  MOST_PORT,
  portOption,
  stageOption,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { writeJson, writeNote, writeOut } from '../terminal/output.ts';

/** Firehose's own limit: https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
const MOST_BUFFER_SECONDS = 900;
/** The collector's usual port. */
const COLLECTOR_PORT = 4700;
/** The port that local AWS tools use by default. */
const EDGE_PORT = 4566;

/** Where a local cloud is. */
interface StartedCloud {
  /** Version of Sluice. */
  readonly version: string;
  /** Where SDKs post. */
  readonly collector: string;
  /** Where AWS's clients go. */
  readonly edge: string;
  /** Address of the console. */
  readonly console: string;
  /** Path of the folder with its data. */
  readonly data: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Name of the database. */
  readonly database: string;
  /** ID of the process. */
  readonly pid: number;
  /** Whether policies of IAM are enforced. */
  readonly enforceIam: boolean;
}

/** `sluice start`: the local cloud, until Ctrl-C. */
export const start: Command = {
  name: 'start',
  summary:
    'Start the local cloud on loopback, until Ctrl-C: the collector and every AWS service that it needs.',
  options: {
    stage: { type: 'string', help: 'stage whose configuration to run (default local)' },
    port: {
      type: 'string',
      help: `port of the collector (default ${COLLECTOR_PORT}; 0: any free port); the console has the next one`,
    },
    'edge-port': {
      type: 'string',
      help: `port of all AWS services (default ${EDGE_PORT}; 0: any free port)`,
    },
    data: {
      type: 'string',
      help: 'data directory (default .sluice/data; of another stage .sluice/data-<stage>)',
    },
    'buffer-seconds': {
      type: 'string',
      help: 'deliver after this many seconds at the latest (default: as deployed)',
    },
    'check-keys': {
      type: 'boolean',
      help: 'accept only configured SDK keys, as deployed (default: any client-… or secret-… key)',
    },
    'enforce-iam': {
      type: 'boolean',
      help: 'decide every call by the deployed policies, as on AWS (default: calls in the own account are allowed)',
    },
    'allow-hosts': {
      type: 'string',
      help: 'more host names that requests may be sent to, separated by commas (default: loopback only)',
    },
  },
  examples: ['npm start -- --stage dev', 'npm start -- --port 0 --edge-port 0 --buffer-seconds 5 --json'],
  jsonErrorsOn: 'stderr',
  async run(line) {
    const startedAt = performance.now();
    const wish = await readWish(line);
    const cloud = await startWished(wish);
    const page = await openConsole(cloud, wish);
    const interrupted = untilInterrupted();
    const stopped = new AbortController();
    if (line.values['json'] === true) writeJson<StartedCloud>(addressesOf(cloud, page.address, wish));
    else {
      const tookMs = performance.now() - startedAt;
      writeOut(welcome(cloud, { ...wish, console: page.address, tookMs }));
      const { printRequests } = await import('../observe/printRequests.ts');
      void printRequests(cloud, wish.stage, stopped.signal);
    }
    await interrupted;
    stopped.abort();
    writeNote('\nDelivering buffered records …\n');
    await page.close();
    await cloud.close();
    writeNote(`Stopped. The data is kept in ${shortPath(cloud.data)}.\n`);
    return 0;
  },
};

/** What the options ask for. */
export interface Wish {
  /** Undefined without `--stage`: the local stage. */
  readonly stage: string | undefined;
  /** The collector's port; 0 is any free one. */
  readonly port: number;
  /** The port of all AWS services; 0 is any free one. */
  readonly edgePort: number;
  /** Path of the data directory. */
  readonly data: string;
  /** Undefined without `--buffer-seconds`: as deployed. */
  readonly bufferSeconds: number | undefined;
  /** Whether the collector checks SDK keys. */
  readonly checkKeys: boolean;
  /** Whether a call is refused that its role may not make. */
  readonly enforceIam: boolean;
  /** Host names that requests may be sent to, besides loopback. */
  readonly allowedHosts: readonly string[];
}

/** Reads the options. @throws UsageError */
export async function readWish(line: CommandLine): Promise<Wish> {
  const { parseAllowedHosts } = await import('../../packages/local-aws/src/edge/index.ts');
  const allowed = textOption(line, 'allow-hosts');
  const allowedHosts = allowed === undefined ? [] : parseAllowedHosts(allowed);
  if ('wrong' in allowedHosts)
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--allow-hosts: got ${JSON.stringify(allowedHosts.wrong)}, expected host names without ports, e.g. sluice.test,10.0.0.7.`,
    );
  const stage = stageOption(line);
  return {
    stage,
    port: portOption(line, 'port', COLLECTOR_PORT),
    edgePort: portOption(line, 'edge-port', EDGE_PORT),
    data: filledOption(line, 'data') ?? defaultDataDirectory(stage),
    bufferSeconds: countOption(line, 'buffer-seconds', {
      usual: undefined,
      least: 0,
      most: MOST_BUFFER_SECONDS,
    }),
    checkKeys: line.values['check-keys'] === true,
    enforceIam: line.values['enforce-iam'] === true,
    allowedHosts,
  };
}

/** Starts the local cloud, and says on stderr what it does meanwhile and later refuses. */
async function startWished({ bufferSeconds, ...wish }: Wish): Promise<Cloud> {
  // Imported here so that `--help` and other commands do not load the local cloud.
  const { startCloud } = await import('../../local/startCloud.ts');
  return startCloud({
    ...wish,
    ...(bufferSeconds === undefined ? {} : { bufferSeconds }),
    onPackaging: (sentence) => writeNote(`${sentence}\n`),
    onWarning: (sentence) => writeNote(`${visibleLine(sentence)}\n`),
    onRefusal: (sentence) => writeNote(`Refused by the deployed policies: ${visibleLine(sentence)}\n`),
  });
}

/**
 * Opens the console at the port after the collector's, so that it is the same after each start, or if that is taken at any free one.
 * If it can't be opened, the cloud is closed.
 */
async function openConsole(cloud: Cloud, { port, stage, allowedHosts }: Wish): Promise<Console> {
  const { openLocalConsole } = await import('../aws/localConsole.ts');
  const serve = (at: number) => openLocalConsole(cloud, { port: at, stage, allowedHosts });
  return serve(port === 0 ? 0 : (port + 1) % (MOST_PORT + 1))
    .catch(() => serve(0))
    .catch(async (error: unknown) => {
      await cloud.close();
      throw error;
    });
}

/** What `--json` prints of a started cloud. */
function addressesOf(
  { collector, edge, data, bucket, database }: Cloud,
  console: string,
  { enforceIam }: Wish,
): StartedCloud {
  const { pid } = process;
  return { version: VERSION, collector, edge, console, data, bucket, database, pid, enforceIam };
}

/** What the welcome says besides the cloud's own addresses. */
interface Started extends Pick<Wish, 'checkKeys' | 'enforceIam' | 'stage'> {
  /** Address of the console. */
  readonly console: string;
  /** Milliseconds that the start took. */
  readonly tookMs: number;
}

/** The text for people who have started the cloud. */
function welcome(cloud: Cloud, started: Started): string {
  const { checkKeys, enforceIam, stage, tookMs } = started;
  const folder = shortPath(join(cloud.data, 's3', cloud.bucket));
  const ports = cloud.edge === `http://127.0.0.1:${EDGE_PORT}` ? '' : ` --endpoint-url ${cloud.edge}`;
  const onStage = stage === undefined ? '' : ` --stage ${stage}`;
  const elsewhere =
    cloud.data === defaultDataDirectory(stage) ? '' : ` --data ${shellCommand([shortPath(cloud.data)])}`;
  return `Sluice ${VERSION}: the local cloud is ready (${(tookMs / 1000).toFixed(1)} s).

  Open the console ${started.console}   what comes in, where it is, what is wrong
  Point an SDK at  ${cloud.collector}/v1/my-product-data   with ${checkKeys ? 'a configured' : 'any client-… or secret-…'} key
  AWS endpoint     ${cloud.edge}   us-east-1, access key test, secret test${enforceIam ? ' (the root user)' : ''}
${enforceIam ? '  Policies         enforced for every role and user of the deployment\n' : ''}  Data             ${folder}
  Query            npx sluice query --local${onStage} "select event_name, count(*) from statsig_forwarded_events group by 1"${elsewhere}
  Check            npx sluice doctor --local${onStage}${ports}
  Deliver now      curl -X POST ${cloud.edge}/_sluice/flush

Ctrl-C delivers buffered records, stops, and keeps the data.
`;
}

/** A path for display: relative inside the working directory, otherwise absolute. */
function shortPath(path: string, from = process.cwd()): string {
  const short = relative(from, path);
  return visibleLine(short === '' || short.startsWith('..') ? path : short);
}
