import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { LocalCloudError } from '../base/errors.ts';
import type { Credentials } from '../iam/AccessKeys.ts';
import { LambdaFunction } from '../lambda/LambdaFunction.ts';
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
  /** Credentials of a function, by the ARN of its role. */
  readonly credentialsOf: (role: string) => Credentials;
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
          ...lambdaVariables(deployed, options.region, options.credentialsOf(deployed.role)),
          ...deployed.env,
          ...localVariables(options),
        },
        log: (text) => void log.write(text),
        clock: options.clock,
      });
      return [deployed.name, started];
    }),
  );
  return {
    async invoke(functionName, payload, traceHeaders) {
      const called = functions.get(functionName);
      if (called === undefined) throw new LocalCloudError('LOCAL_FUNCTION_UNKNOWN', `${functionName}.`);
      return called.invoke(payload, traceHeaders);
    },
    async warm() {
      await Promise.all([...functions.values()].map((one) => one.warm()));
    },
    async close() {
      await Promise.all([...functions.values()].map((one) => one.close()));
      await Promise.all(logs.map((log) => new Promise<void>((resolve) => log.end(resolve))));
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function lambdaVariables(
  { name, memoryMb }: DeployedFunction,
  region: string,
  { accessKeyId, secretAccessKey }: Credentials,
): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
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
