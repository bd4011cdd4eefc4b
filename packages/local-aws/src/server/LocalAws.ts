// What a caller of startLocalAws gives and gets.
import type { MovableClock } from '../base/MovableClock.ts';
import type { ControlPresentation } from '../control/controlApi.ts';
import type { FlushReport, LocalAwsStatus } from '../control/status.ts';
import type { Faults } from '../faults/Faults.ts';
import type { ExistingResources } from './provision.ts';

/** The account that is emulated. */
export interface LocalAccount {
  /** Twelve digits. */
  readonly id: string;
  /** The region that the account's resources are in. */
  readonly region: string;
  /** The first part of ARNs after `arn:`: `aws`. */
  readonly partition: string;
  /** Access key of the account's root. */
  readonly accessKeyId: string;
  /** The secret of the account's root. */
  readonly secretAccessKey: string;
}

/** A stack to deploy. */
export interface StackSource {
  /** A CloudFormation template, parsed from JSON. */
  readonly template: unknown;
  /** Part of generated names. Default `local`. */
  readonly stackName?: string;
  /**
   * Directory of the functions' code: the handler `build/a/handler.run` is `run` of
   * `<codeDirectory>/build/a/handler.mjs`. Default: the working directory.
   */
  readonly codeDirectory?: string;
  /** Resources that the template expects in the account: created if missing, and never changed. Default: nothing. */
  readonly existing?: ExistingResources;
}

/** Options of `startLocalAws`. */
export interface LocalAwsOptions {
  /** The stack, or a function that loads it once the data directory is locked. */
  readonly stack: StackSource | (() => Promise<StackSource>);
  /** Directory for all state, created when missing. Only one process at a time may have it open. */
  readonly directory: string;
  /** Port of all AWS services on 127.0.0.1. Default 0: any free port. */
  readonly port?: number;
  /** Port of the template's HTTP API on 127.0.0.1, or of its first Function URL. Default 0: any free port. */
  readonly apiPort?: number;
  /** Default account 000000000000 in us-east-1, whose root signs with `test` and `test`. */
  readonly account?: LocalAccount;
  /** Additional variables for every function. Default none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Firehose's buffer interval in seconds. Default: the deployed interval of each stream. */
  readonly bufferSeconds?: number | undefined;
  /**
   * Reads the documents of a record that streams have accepted, for the feed and for searches in the buffers. It is for
   * records that are not lines of text. Never throws. Default: a record's documents are its lines.
   */
  readonly readRecord?: (record: Uint8Array) => readonly string[];
  /**
   * Whether the policies of the template's roles and users decide their calls in their own account too, and the calls
   * that services make for them, as on AWS. Default false: these calls are allowed.
   */
  readonly enforceIam?: boolean | undefined;
  /** Called with each new sentence of IAM that refuses a call of a service. Default: not called. */
  readonly onRefusal?: ((sentence: string) => void) | undefined;
  /** Hosts besides loopback under which both ports answer. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Default: the machine's time until the clock is moved. */
  readonly clock?: MovableClock | undefined;
  /** Path of the control API on the endpoint. Default `/_local`. */
  readonly controlPath?: string;
  /** How the control API presents its status and its flush report. Default: unchanged. */
  readonly presentation?: ControlPresentation;
  /** Seed of issued access keys: the same seed gives the same keys after every start. Default `local-aws`. */
  readonly keySeed?: string;
  /** Called with a sentence when other users of the machine could read the data directory. Default: not called. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** A running local cloud. */
export interface LocalAws {
  /** The endpoint of every AWS service, e.g. `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** URL of the template's HTTP API; undefined for a template without one. */
  readonly api: string | undefined;
  /** URLs of the template's Function URLs, by the function's name. */
  readonly functionUrls: Readonly<Record<string, string>>;
  /** The data directory, absolute. */
  readonly directory: string;
  /** The stack's outputs with their values on AWS. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The clock of all services, which can be moved. */
  readonly clock: MovableClock;
  /** Failures on demand. */
  readonly faults: Faults;
  /** Reads what waits and what is refused. */
  status(): LocalAwsStatus;
  /**
   * Delivers every buffer now, drains the functions' queues and waits for queries, until nothing that functions wrote or
   * asked in response is waiting either.
   */
  flush(): Promise<FlushReport>;
  /** Accepts no more requests, flushes, and releases the data directory. A second call waits for the first. */
  close(): Promise<void>;
}
