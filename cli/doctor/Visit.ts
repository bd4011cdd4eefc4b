import type { Config } from '../../lib/config/configSchema.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { Clock } from '../../lib/time/Clock.ts';
import type { Clients } from './openClients.ts';
import type { TablePartitions } from './TablePartitions.ts';

/** Who asks, where, and what time it was there. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
  /** `Date` of the answer, epoch ms, whole seconds; undefined when it had none. */
  readonly theirTime: number | undefined;
  /** This machine's time just before and after the call, epoch ms. */
  readonly ourTime: { readonly before: number; readonly after: number };
}

/** One resource of the deployed stack. */
export interface DeployedResource {
  readonly logicalId: string;
  /** `Ref`: mostly the name; for a queue its URL, for a key its ID. */
  readonly physicalId: string;
  readonly type: string;
}

/** What checks look at. Everything is asked for when it is first needed, and once. */
export interface Visit {
  /** `service` of serverless.yml, and the stage. */
  readonly stack: { readonly service: string; readonly stage: string };
  /** `sluice-prod` */
  readonly stackName: string;
  /** Whether it is the local cloud: an endpoint on loopback. */
  readonly local: boolean;
  readonly clock: Clock;
  /** The time there, epoch ms: the local cloud's clock may have been moved. */
  now(): Promise<number>;
  /** @throws ConfigError */
  config(): Promise<Config>;
  clients(): Promise<Clients>;
  identity(): Promise<Identity>;
  /** Resources of the stack by logical ID. */
  resources(): Promise<ReadonlyMap<string, DeployedResource>>;
  /** ARN of the key that the bucket is encrypted with, brought or the stack's. */
  keyArn(): Promise<string>;
  /** Partitions and folders of a table; undefined when the table isn't there. */
  tablePartitions(kind: TableKind): Promise<TablePartitions | undefined>;
  /**
   * Makes one call of AWS.
   *
   * @param permission The IAM action that it takes, named when it is refused.
   * @throws CheckImpossible when it is refused, or not emulated by the local cloud; AwsAccessError when AWS can't be
   *   asked at all; else what the client threw.
   */
  ask<Result>(permission: string, call: () => Promise<Result>): Promise<Result>;
  /** A command of the AWS CLI for a person to run, with the region and endpoint that are looked at. */
  command(words: readonly string[]): Promise<string>;
}
