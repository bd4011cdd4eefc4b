import { join } from 'node:path';
import type { Config } from '../lib/schema/config.ts';
import { type MovableClock, startLocalAws } from '../packages/local-aws/src/index.ts';
import type { Cloud, CloudStatus } from './Cloud.ts';
import { makeCachePrivate, repositoryRoot } from './dataDirectory.ts';
// Sets the codes and cures of the emulator's errors.
import './errors.ts';
import { loadTemplate } from './loadTemplate.ts';
import { localAccount } from './localAccount.ts';
import { withExisting } from './withExisting.ts';

/** What {@link startCloud} needs. */
export interface StartOptions {
  /** Port of the collector on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Port of all AWS services on 127.0.0.1; 0 takes any free one. */
  readonly edgePort: number;
  /** Data directory; made when missing. */
  readonly data: string;
  /** Firehose's buffer interval instead of the deployed one, seconds. */
  readonly bufferSeconds?: number;
  /** Let only configured keys post, as deployed, instead of any `client-…` or `secret-…` key. Default false. */
  readonly checkKeys?: boolean;
  /** Hosts besides those of loopback under which both ports answer, as `parseAllowedHosts` reads them. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Default: one that goes by the machine's until it is moved. */
  readonly clock?: MovableClock;
  /** Called before the deployment is packaged, which takes a few seconds: after each change of it. Default nobody. */
  readonly onPackaging?: () => void;
  /** Receives a sentence when other users of the machine could read the data directory. Default nobody. */
  readonly onWarning?: (sentence: string) => void;
}

/**
 * Starts Sluice's stack on local-aws, from the packaged deployment.
 *
 * @throws LocalCloudError, LocalTemplateError, TemplateError, ConfigError: with nothing left open.
 */
export async function startCloud(options: StartOptions): Promise<Cloud> {
  const loaded: { config?: Config } = {};
  const names = () => ({ bucket: loaded.config?.bucket ?? '', database: loaded.config?.database ?? '' });
  const aws = await startLocalAws({
    // Loaded once the data directory is locked: a second cloud is refused before it packages anything.
    async stack() {
      makeCachePrivate();
      const { template, stackName, directory, config } = await loadTemplate({
        root: repositoryRoot,
        cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
        onPackaging: options.onPackaging,
      });
      loaded.config = config;
      return {
        template,
        stackName,
        codeDirectory: directory,
        extend: (deployment) => withExisting(deployment, config),
      };
    },
    directory: options.data,
    port: options.edgePort,
    apiPort: options.port,
    account: localAccount,
    environment: {
      SLUICE_ALLOW_ANY_KEY: String(options.checkKeys !== true),
      SLUICE_LOG_SUCCESSES: 'true',
    },
    bufferSeconds: options.bufferSeconds,
    allowedHosts: options.allowedHosts,
    clock: options.clock,
    controlPath: '/_sluice',
    presentation: {
      status: ({ api = '', endpoint, directory, ...rest }): CloudStatus => ({
        collector: api,
        edge: endpoint,
        data: directory,
        ...names(),
        ...rest,
      }),
      flush: ({ delivered, undrained }) => ({ delivered, unregistered: undrained }),
    },
    keySeed: 'sluice local',
    onWarning: options.onWarning,
  });
  if (aws.api === undefined) {
    await aws.close();
    throw new Error('the template has no HTTP API');
  }
  const addresses = { collector: aws.api, edge: aws.endpoint, data: aws.directory, ...names() };
  return {
    ...addresses,
    status() {
      const { pid, pending, queues, queries } = aws.status();
      return { ...addresses, pid, pending, queues, queries };
    },
    async flush() {
      const { delivered, undrained } = await aws.flush();
      return { delivered, unregistered: undrained };
    },
    close: () => aws.close(),
  };
}
