import type { FunctionUrl } from '../gateway/FunctionUrl.ts';
import type { HttpApi } from '../gateway/HttpApi.ts';
import type { RecursiveLoop } from '../lambda/EventSourceMapping.ts';
import type { BucketSettings } from '../s3/model/bucketSettings.ts';
import type { Schedule } from '../scheduler/index.ts';

/** A resource whose properties one service receives unchanged and validates itself. */
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
  /** Encryption, lifecycle, public access, versioning and policy, as API calls return them. */
  readonly settings: BucketSettings;
  /** ARN of the bucket's default key; set where no resource of the template states it. */
  readonly keyArn?: string | undefined;
}

/** A Glue database of the template. */
export interface DeployedDatabase {
  readonly logicalId: string;
  readonly name: string;
  /** Glue's `DatabaseInput`, unchanged. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A Glue table of the template. */
export interface DeployedTable {
  readonly logicalId: string;
  readonly databaseName: string;
  readonly name: string;
  /** Glue's `TableInput`, unchanged. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** An Athena workgroup of the template. */
export interface DeployedWorkGroup {
  readonly logicalId: string;
  readonly name: string;
  /** Properties that Athena receives unchanged. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A function of the template and the location of its code. */
export interface DeployedFunction {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** The handler as in the template: `build/collect/handler.handler`. */
  readonly handler: string;
  /** The module in the package's directory, `build/collect/handler.mjs`, and the name of its export. */
  readonly modulePath: string;
  readonly exportName: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Executions at the same time above which the function is throttled. Undefined: no limit of its own. */
  readonly reservedConcurrency?: number | undefined;
  readonly memoryMb: number;
  /** ARN of its execution role, as whose session the function makes its calls. */
  readonly role: string;
  /** Whether Lambda's own lines in its log are JSON. Default false: text. */
  readonly hasJsonLog?: boolean | undefined;
  /** How Lambda handles a chain of the function's own messages. */
  readonly recursiveLoop: RecursiveLoop;
}

/** An event source mapping: it passes messages of a queue to a function. */
export interface DeployedMapping {
  readonly logicalId: string;
  readonly queueArn: string;
  readonly functionName: string;
  /** Messages of one batch at the most. */
  readonly batchSize: number;
  /** How long to wait for a batch to fill. */
  readonly windowSeconds: number;
  /** Batches that are processed at the same time. Undefined: as many as Lambda begins with. */
  readonly maximumConcurrency: number | undefined;
  /** Whether the function reports the failed messages of a batch: `ReportBatchItemFailures`. */
  readonly partialResponses: boolean;
  readonly enabled: boolean;
}

/** Everything that the local cloud creates from a template. */
export interface Deployment {
  readonly buckets: readonly DeployedBucket[];
  readonly databases: readonly DeployedDatabase[];
  readonly tables: readonly DeployedTable[];
  readonly deliveryStreams: readonly Part[];
  readonly secrets: readonly Part[];
  readonly workGroups: readonly DeployedWorkGroup[];
  readonly keys: readonly Part[];
  readonly schedules: readonly Schedule[];
  readonly functions: readonly DeployedFunction[];
  readonly eventSourceMappings: readonly DeployedMapping[];
  readonly httpApi: HttpApi | undefined;
  readonly functionUrls: readonly FunctionUrl[];
}
