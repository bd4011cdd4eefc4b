import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { LocalCloudError } from '../base/errors.ts';
import type { EndedInvocation } from '../cloudwatch/serviceMetrics.ts';
import type { Faults } from '../faults/Faults.ts';
import type { Credentials, SessionCredentials } from '../iam/AccessKeys.ts';
import { FunctionError } from '../lambda/ExecutionEnvironment.ts';
import { isRefused, isThrottled, LambdaFunction } from '../lambda/LambdaFunction.ts';
import type { DeployedFunction } from '../template/Deployment.ts';

/** The deployed functions, by name. */
export interface Functions {
  /**
   * Invokes by name.
   *
   * @throws LocalCloudError `LOCAL_FUNCTION_UNKNOWN`; FunctionError `AccessDeniedException` if Lambda may not assume the role,
   *   `TooManyRequestsException` above the reserved concurrency, and as {@link LambdaFunction.invoke}.
   */
  invoke(
    functionName: string,
    payload: string,
    traceHeaders?: readonly (string | undefined)[],
  ): Promise<string>;
  /**
   * Adds a function. Its code is loaded first, as {@link LambdaFunction.warm} does it.
   *
   * @param codeDirectory Directory with the bundles: Lambda's `/var/task`.
   * @throws Error for code that can't be loaded, and for a name that a function has already.
   */
  add(deployed: DeployedFunction, codeDirectory: string): Promise<void>;
  /** Names of all functions. */
  names(): readonly string[];
  /** A function by its name; undefined if the template has none of it. */
  find(name: string): DeployedFunction | undefined;
  /** Ends all functions. Running invocations fail. */
  close(): Promise<void>;
}

/** Lambda's permissions to use the role of a function. */
interface FunctionAccess {
  /** Whether Lambda may assume the role. */
  readonly canAssume: (deployed: DeployedFunction) => boolean;
  /** Whether the role may write the function's logs. */
  readonly canLog: (deployed: DeployedFunction) => boolean;
}

/** Options of {@link startFunctions}. */
interface FunctionsOptions {
  /** Opens a function's log, or continues with it, and returns what takes its output. */
  readonly openLog: (functionName: string) => (text: string) => void;
  /** The region of the functions. */
  readonly region: string;
  /** The endpoint of every AWS service. */
  readonly endpoint: string;
  /** Additional variables for every function. */
  readonly environment: Readonly<Record<string, string>>;
  /** Credentials of a session of a role; the session has the name of the function. */
  readonly credentialsOf: (role: string, session: string) => Credentials | SessionCredentials;
  /** Lambda's permissions to use the role of a function. Default: everything is allowed. */
  readonly access?: FunctionAccess | undefined;
  /** Called after each invocation that ran, and each that was throttled. */
  readonly onInvoked?: (ended: EndedInvocation) => void;
  /** The functions' time. */
  readonly clock: Clock;
  /** Injected failures of invocations. Default: none. */
  readonly faults?: Faults | undefined;
}

/** A function whose code is loaded. */
interface RunningFunction {
  /** The function as the template has it. */
  readonly deployed: DeployedFunction;
  /** Runs its code. */
  readonly lambda: LambdaFunction;
  /** Takes whole lines. */
  readonly log: (text: string) => void;
  /** Invocations that have not ended. */
  executions: number;
}

/** Runs a template's functions, with the environment variables of Lambda and the local cloud. */
export function startFunctions(options: FunctionsOptions): Functions {
  const functions = new Map<string, RunningFunction>();
  return {
    async add(deployed, codeDirectory) {
      if (functions.has(deployed.name)) throw new Error(`There is a function ${deployed.name} already.`);
      functions.set(deployed.name, await startFunction(deployed, codeDirectory, options));
    },
    names: () => [...functions.keys()],
    find: (name) => functions.get(name)?.deployed,
    async invoke(functionName, payload, traceHeaders) {
      const called = functions.get(functionName);
      if (called === undefined) throw new LocalCloudError('LOCAL_FUNCTION_UNKNOWN', `${functionName}.`);
      // As Lambda answers it: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
      if (options.access?.canAssume(called.deployed) === false)
        throw new FunctionError(
          'AccessDeniedException',
          'The role defined for the function cannot be assumed by Lambda.',
        );
      return invokeFunction(called, payload, traceHeaders, options);
    },
    async close() {
      await Promise.all([...functions.values()].map(({ lambda }) => lambda.close()));
    },
  };
}

/** Loads the code of a function. */
async function startFunction(
  deployed: DeployedFunction,
  codeDirectory: string,
  options: FunctionsOptions,
): Promise<RunningFunction> {
  const { clock, faults, access } = options;
  const output = options.openLog(deployed.name);
  const log = (text: string) => {
    // Without the permission, CloudWatch has no logs of the function.
    if (access?.canLog(deployed) !== false) output(text);
  };
  const lambda = new LambdaFunction({
    handlerFile: join(codeDirectory, deployed.modulePath),
    handlerName: deployed.exportName,
    functionName: deployed.name,
    functionArn: deployed.arn,
    memoryMb: deployed.memoryMb,
    timeoutMs: deployed.timeoutSeconds * 1000,
    variables: {
      ...lambdaVariables(deployed, options.region, options.credentialsOf(deployed.role, deployed.name)),
      ...deployed.env,
      ...localVariables(options),
    },
    log,
    clock,
    faults,
  });
  try {
    await lambda.warm();
  } catch (error) {
    await lambda.close();
    throw error;
  }
  return { deployed, lambda, log, executions: 0 };
}

/** Invokes a function within its reserved concurrency, and reports how the invocation ended. */
async function invokeFunction(
  called: RunningFunction,
  payload: string,
  traceHeaders: readonly (string | undefined)[] | undefined,
  { clock, onInvoked }: FunctionsOptions,
): Promise<string> {
  const { deployed, lambda, log } = called;
  const startedMs = performance.now();
  const at = clock.now();
  const report = (end: EndedInvocation['end']) =>
    onInvoked?.({ functionName: deployed.name, at, ms: performance.now() - startedMs, end });
  called.executions += 1;
  try {
    // Reserved concurrency is also the limit: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    if (called.executions > (deployed.reservedConcurrency ?? Number.POSITIVE_INFINITY))
      throw new FunctionError('TooManyRequestsException', 'Rate Exceeded.');
    const result = await lambda.invoke(payload, traceHeaders);
    report('answered');
    return result;
  } catch (error) {
    // Lambda records nothing else of an invocation that it refuses:
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    if (isThrottled(error)) report('throttled');
    if (isRefused(error)) throw error;
    report('failed');
    if (deployed.hasJsonLog === true && error instanceof FunctionError) log(reportLine(error, clock));
    throw error;
  } finally {
    called.executions -= 1;
  }
}

/** Lambda's report of an invocation that failed. https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report */
function reportLine({ errorType, requestId }: FunctionError, clock: Clock): string {
  const isLate = errorType === 'Sandbox.Timedout';
  const record = { requestId, ...(isLate ? { status: 'timeout' } : { status: 'error', errorType }) };
  const time = new Date(clock.now()).toISOString();
  return `${JSON.stringify({ time, type: 'platform.report', record })}\n`;
}

/**
 * The variables of Lambda that AWS's clients, their runtime and functions here read. Others, as `LAMBDA_TASK_ROOT`, are not set.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
function lambdaVariables(
  { name, memoryMb }: DeployedFunction,
  region: string,
  credentials: Credentials | SessionCredentials,
): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...('sessionToken' in credentials ? { AWS_SESSION_TOKEN: credentials.sessionToken } : {}),
    TZ: ':UTC',
  };
}

/**
 * Variables that a deployed function does not have: AWS's endpoint, no clock skew correction, and those of the cloud's owner.
 * An SDK would take a clock that is moved between two invocations, or during a call, for wrong and correct its
 * signatures.
 * https://github.com/aws/aws-sdk-js-v3/blob/main/packages/core/src/submodules/httpAuthSchemes/aws_sdk/clock-skew-node-config.ts
 */
function localVariables(options: {
  /** URL of the edge, which the clients of functions call. */
  readonly endpoint: string;
  /** Variables of every function; empty without any. */
  readonly environment: Readonly<Record<string, string>>;
}): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: options.endpoint,
    AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
    ...options.environment,
  };
}
