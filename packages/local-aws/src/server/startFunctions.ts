import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { LocalCloudError } from '../base/errors.ts';
import type { Credentials, SessionCredentials } from '../iam/AccessKeys.ts';
import { FunctionError, LambdaFunction } from '../lambda/LambdaFunction.ts';
import type { DeployedFunction } from '../template/Deployment.ts';

/** The deployed functions, by name. */
export interface Functions {
  /** Invokes by name. @throws LocalCloudError `LOCAL_FUNCTION_UNKNOWN`; FunctionError when the function fails. */
  invoke(
    functionName: string,
    payload: string,
    traceHeaders?: readonly (string | undefined)[],
  ): Promise<string>;
  /** Loads every bundle, so that the first request does not wait. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

/** What Lambda may do with the role of a function. */
export interface FunctionAccess {
  /** Whether Lambda may assume the role. */
  readonly canAssume: (deployed: DeployedFunction) => boolean;
  /** Whether the role may write the function's logs. */
  readonly canLog: (deployed: DeployedFunction) => boolean;
}

/** Prepares the template's functions, with the environment variables of Lambda and the local cloud. */
export function startFunctions(options: {
  readonly functions: readonly DeployedFunction[];
  /** Directory with the bundles: Lambda's `/var/task`. */
  readonly codeDirectory: string;
  /** Directory for the function logs, each in `<function>.log`. */
  readonly logDirectory: string;
  readonly region: string;
  /** The endpoint of every AWS service. */
  readonly endpoint: string;
  /** Additional variables for every function. */
  readonly environment: Readonly<Record<string, string>>;
  /** Credentials of a session of a role; its name is that of the function. */
  readonly credentialsOf: (role: string, session: string) => Credentials | SessionCredentials;
  /** What Lambda may do with the role of a function. Default: everything. */
  readonly access?: FunctionAccess | undefined;
  /** The functions' time. */
  readonly clock: Clock;
}): Functions {
  mkdirSync(options.logDirectory, { recursive: true });
  const logs: WriteStream[] = [];
  const functions = new Map(
    options.functions.map((deployed) => {
      const log = createWriteStream(join(options.logDirectory, `${deployed.name}.log`), { flags: 'a' });
      logs.push(log);
      const started = new LambdaFunction({
        handlerFile: join(options.codeDirectory, deployed.modulePath),
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
        // Without the permission, CloudWatch has no logs of the function.
        log: (text) => void (options.access?.canLog(deployed) === false || log.write(text)),
        clock: options.clock,
      });
      return [deployed.name, { deployed, started }];
    }),
  );
  return {
    async invoke(functionName, payload, traceHeaders) {
      const called = functions.get(functionName);
      if (called === undefined) throw new LocalCloudError('LOCAL_FUNCTION_UNKNOWN', `${functionName}.`);
      // https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
      if (options.access?.canAssume(called.deployed) === false)
        throw new FunctionError(
          'AccessDeniedException',
          'The role defined for the function cannot be assumed by Lambda.',
        );
      return called.started.invoke(payload, traceHeaders);
    },
    async warm() {
      await Promise.all([...functions.values()].map(({ started }) => started.warm()));
    },
    async close() {
      await Promise.all([...functions.values()].map(({ started }) => started.close()));
      await Promise.all(logs.map((log) => new Promise<void>((resolve) => log.end(resolve))));
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
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
 * The only differences from a deployed function: AWS's endpoint, no clock skew correction, and the host's variables. An
 * SDK would take a clock that is moved between two invocations, or during a call, for wrong and correct its signatures.
 * https://github.com/aws/aws-sdk-js-v3/blob/main/packages/core/src/submodules/httpAuthSchemes/aws_sdk/clock-skew-node-config.ts
 */
function localVariables(options: {
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
}): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: options.endpoint,
    AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
    ...options.environment,
  };
}
