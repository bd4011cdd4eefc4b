import type { HttpApi } from '../gateway/HttpApi.ts';
import type { RecursiveLoop } from '../lambda/EventSourceMapping.ts';
import type { BucketSettings } from '../s3/model/bucketSettings.ts';
import type { Schedule } from '../scheduler/index.ts';

/** A resource whose properties one service takes verbatim and validates by itself. */
export interface Part {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A bucket of the template. */
export interface DeployedBucket {
  readonly logicalId: string;
  readonly name: string;
  /** Whether its object events go to EventBridge. */
  readonly eventBridge: boolean;
  /** Encryption, lifecycle, public access, versioning and policy, as calls read them. */
  readonly settings: BucketSettings;
  /** ARN of the key that it encrypts with by default, where no resource of the template says so. */
  readonly keyArn?: string | undefined;
}

/** A Glue database of the template. */
export interface DeployedDatabase {
  readonly logicalId: string;
  readonly name: string;
  /** Glue's `DatabaseInput`, verbatim. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A Glue table of the template. */
export interface DeployedTable {
  readonly logicalId: string;
  readonly databaseName: string;
  readonly name: string;
  /** Glue's `TableInput`, verbatim. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** An Athena workgroup of the template. */
export interface DeployedWorkGroup {
  readonly logicalId: string;
  readonly name: string;
  /** Athena takes them verbatim. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A function of the template, and where its code is. */
export interface DeployedFunction {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** As deployed: `build/collect/handler.handler`. */
  readonly handler: string;
  /** The module in the package's directory, `build/collect/handler.mjs`, and what it exports. */
  readonly modulePath: string;
  readonly exportName: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** ARN of its execution role; not enforced locally. */
  readonly role: string;
  /** What Lambda does with a chain of the function's own messages. */
  readonly recursiveLoop: RecursiveLoop;
}

/** What feeds a function from a queue. */
export interface DeployedMapping {
  readonly logicalId: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Undefined: no cap of its own. */
  readonly maximumConcurrency: number | undefined;
  /** `ReportBatchItemFailures`. */
  readonly partialResponses: boolean;
  readonly enabled: boolean;
}

/** All that the local cloud builds of a template. */
export interface Deployment {
  readonly buckets: readonly DeployedBucket[];
  readonly databases: readonly DeployedDatabase[];
  readonly tables: readonly DeployedTable[];
  readonly deliveryStreams: readonly Part[];
  readonly queues: readonly (Part & { readonly url: string })[];
  readonly secrets: readonly Part[];
  readonly workGroups: readonly DeployedWorkGroup[];
  readonly keys: readonly Part[];
  /** Properties of keys' aliases, verbatim. */
  readonly keyAliases: readonly Readonly<Record<string, unknown>>[];
  readonly eventRules: readonly Part[];
  readonly schedules: readonly Schedule[];
  readonly functions: readonly DeployedFunction[];
  readonly eventSourceMappings: readonly DeployedMapping[];
  readonly httpApi: HttpApi | undefined;
  /** The stack's outputs, as they would be on AWS: the collector's URL is not the local one. */
  readonly outputs: Readonly<Record<string, string>>;
}
