import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../lib/base/version.ts';
import { LandedObject } from '../lib/landing/lines/LandedObject.ts';
import type { Config } from '../lib/schema/config.ts';
import type { MovableClock } from '../packages/local-aws/src/base/index.ts';
import {
  type LocalAws,
  type LocalAwsStatus,
  type PendingDelivery,
  startLocalAws,
} from '../packages/local-aws/src/server/index.ts';
import './errors.ts';
import { sluiceFolder } from '../lib/config/sluiceFolder.ts';
import { existingResources } from './existingResources.ts';
import { COMPILED, type LoadedTemplate, loadTemplate, packagesFolder } from './loadTemplate.ts';
import { localAccount } from './localAccount.ts';
import { codeRoot, projectRoot } from './roots.ts';

/** What a flush has delivered. */
interface FlushReport {
  /** The data that had been waiting, by stream; all of it is in S3 now. */
  readonly delivered: readonly PendingDelivery[];
  /** Notifications of new objects that the registrar or the writer could not process yet: 0 unless something fails. */
  readonly unregistered: number;
}

/** The status of the local cloud. */
interface CloudStatus {
  /** The version of Sluice. */
  readonly version: string;
  /** Where SDKs post. */
  readonly collector: string;
  /** Addresses of the Function URLs, by the function's name: `endpoint.kind`. */
  readonly functionUrls: Readonly<Record<string, string>>;
  /** The endpoint of every AWS service. */
  readonly edge: string;
  /** The data directory, absolute. */
  readonly data: string;
  /** The name of the deployment's bucket. */
  readonly bucket: string;
  /** The name of the Glue database. */
  readonly database: string;
  /** The ID of its process. */
  readonly pid: number;
  /** When it was started, by its clock, ISO 8601. */
  readonly startedAt: string;
  /** Data that waits in Firehose, by stream. */
  readonly pending: LocalAwsStatus['pending'];
  /** Data that Firehose dropped because S3 did not accept it for 24 hours. */
  readonly expired: LocalAwsStatus['expired'];
  /** The queues, each with the number of its messages. */
  readonly queues: readonly { readonly name: string; readonly messages: number }[];
  /** How many queries Athena has queued and runs. */
  readonly queries: { readonly queued: number; readonly running: number };
  /** Calls of services that the policies do not allow; undefined unless policies are enforced. */
  readonly refusals?: LocalAwsStatus['refusals'];
}

/** A running local cloud. */
export interface Cloud {
  /** Where SDKs post, e.g. `http://127.0.0.1:4700`. */
  readonly collector: string;
  /** The endpoint of every AWS service, e.g. `http://127.0.0.1:4566`. */
  readonly edge: string;
  /** The data directory, absolute. */
  readonly data: string;
  /** The name of the deployment's bucket. */
  readonly bucket: string;
  /** The name of the Glue database. */
  readonly database: string;
  /** The configuration of what is deployed. */
  readonly config: Config;
  /** The addresses and names of the cloud, and what waits in it now. */
  status(): CloudStatus;
  /**
   * Delivers every buffer now, and has files made of the data; resolves when the partitions of what was delivered are
   * registered. Acknowledged data is then in a table, and refused data in quarantine, unless something fails.
   */
  flush(): Promise<FlushReport>;
  /** Takes no more requests, flushes, and releases the data directory. */
  close(): Promise<void>;
}

/** A package to deploy: from {@link loadTemplate}, or of a release. */
type CloudPackage = Omit<LoadedTemplate, 'cached'>;

/** Options of {@link startCloud}. */
export interface StartOptions {
  /** Port of the collector on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Port of all AWS services on 127.0.0.1; 0 takes any free one. */
  readonly edgePort: number;
  /** Data directory; made when missing. */
  readonly data: string;
  /** The stage whose configuration and names the cloud has. Default `local`. */
  readonly stage?: string | undefined;
  /** Firehose's buffer interval instead of the deployed one, seconds. */
  readonly bufferSeconds?: number;
  /** Let only configured keys post, as deployed, instead of any `client-…` or `secret-…` key. Default false. */
  readonly checkKeys?: boolean;
  /** Decide calls in the own account by the deployed policies too, as on AWS. Default false. */
  readonly enforceIam?: boolean;
  /** Hosts besides those of loopback under which both ports answer, as `parseAllowedHosts` reads them. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Default: a clock that shows the machine's time until somebody moves it. */
  readonly clock?: MovableClock;
  /** Loads what is deployed. Default: the package of the sources as they are now. */
  readonly load?: () => Promise<CloudPackage>;
  /** Receives a sentence at each step while the deployment is packaged, as after each change of it. Default nobody. */
  readonly onPackaging?: (sentence: string) => void;
  /** Receives a sentence when other users of the machine could read the data directory. Default nobody. */
  readonly onWarning?: (sentence: string) => void;
  /** Receives each new sentence that refuses a call of a service. Default nobody. */
  readonly onRefusal?: (sentence: string) => void;
}

/**
 * Starts Sluice's stack on local-aws, from the packaged deployment.
 *
 * @throws LocalCloudError, LocalTemplateError, TemplateError, StackError, ConfigError: with nothing left open.
 */
export async function startCloud(options: StartOptions): Promise<Cloud> {
  const {
    load = () => {
      closeSluiceFolder();
      return loadTemplate({
        root: projectRoot,
        code: codeRoot,
        stage: options.stage,
        onPackaging: options.onPackaging,
      });
    },
  } = options;
  let deployed: Config | undefined;
  const config = () => {
    if (deployed === undefined) throw new Error('nothing is deployed');
    return deployed;
  };
  const statusOf = ({ api, functionUrls, endpoint, directory, ...rest }: LocalAwsStatus): CloudStatus => ({
    version: VERSION,
    collector: collectorUrl({ api, functionUrls }) ?? '',
    functionUrls,
    edge: endpoint,
    data: directory,
    bucket: config().bucket,
    database: config().database,
    ...rest,
  });
  const aws = await startLocalAws({
    // The package is loaded once the data directory is locked, so that a second cloud is refused before it packages
    // anything.
    async stack() {
      const { config: packagedConfig, directory: codeDirectory, ...made } = await load();
      deployed = packagedConfig;
      return { ...made, codeDirectory, existing: existingResources(packagedConfig) };
    },
    directory: options.data,
    port: options.edgePort,
    apiPort: options.port,
    account: localAccount,
    environment: {
      SLUICE_ALLOW_ANY_KEY: String(options.checkKeys !== true),
      SLUICE_LOG_SUCCESSES: 'true',
      // Environments load compiled code: they start in half the time.
      // https://nodejs.org/api/module.html#module-compile-cache
      NODE_COMPILE_CACHE: join(packagesFolder(projectRoot), COMPILED),
    },
    bufferSeconds: options.bufferSeconds,
    enforceIam: options.enforceIam,
    onRefusal: options.onRefusal,
    allowedHosts: options.allowedHosts,
    clock: options.clock,
    controlPath: '/_sluice',
    presentation: { status: statusOf, flush: flushOf },
    keySeed: 'sluice local',
    readRecord,
    onWarning: options.onWarning,
  });
  const collector = collectorUrl(aws);
  if (collector === undefined) {
    await aws.close();
    throw new Error('the template has neither an HTTP API nor a Function URL of the collector');
  }
  return {
    collector,
    edge: aws.endpoint,
    data: aws.directory,
    get bucket() {
      return config().bucket;
    },
    get database() {
      return config().database;
    },
    get config() {
      return config();
    },
    status: () => statusOf(aws.status()),
    flush: async () => flushOf(await aws.flush()),
    close: () => aws.close(),
  };
}

/** Permission bits of the group and of everybody else. */
const NOT_OWNER = 0o077;

/**
 * Closes `.sluice/` to other users: the packages in it hold the configuration, and it is the default place of data. A folder
 * that another user owns stays as it is, as does any on Windows.
 *
 * @throws Error of the system if the folder can't be made.
 */
function closeSluiceFolder(): void {
  const directory = sluiceFolder(projectRoot);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(directory);
  if ((mode & NOT_OWNER) !== 0 && uid === process.getuid?.()) chmodSync(directory, 0o700);
}

/** The report of a flush in the words of Sluice. */
function flushOf({ delivered, undrained }: Awaited<ReturnType<LocalAws['flush']>>): FlushReport {
  return { delivered, unregistered: undrained };
}

/** The gateway's address, or the collector's Function URL in a template without a gateway. */
export function collectorUrl({
  api,
  functionUrls,
}: Pick<LocalAws, 'api' | 'functionUrls'>): string | undefined {
  return api ?? Object.entries(functionUrls).find(([name]) => name.endsWith('-collect'))?.[1];
}

/**
 * The rows of a record of the landing, each as `{"table":"events","row":{…}}`, for the feed and for searches in the
 * buffers. Bytes that are no rows are left out: the writer reports them.
 */
function readRecord(record: Uint8Array): readonly string[] {
  return [...new LandedObject(record).rows()].map(({ kind, json }) => `{"table":"${kind}","row":${json}}`);
}
