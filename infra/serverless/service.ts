import { sum } from '../../lib/base/sum.ts';
import type { Config } from '../../lib/schema/config.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import { exportsForStatsig } from '../../lib/schema/exports.ts';
import { metricStage } from '../../lib/schema/stages.ts';
import { PREFLIGHT_SECONDS } from '../endpoint/endpoint.ts';
import { resources, type StackResources } from '../resources.ts';
import { LONGEST, workOf } from '../template/functionWork.ts';
import { getAtt, type Value } from '../template/Resource.ts';
import { idOf, type Stack } from '../template/Stack.ts';
import { unusedFunctions } from '../template/unusedFunctions.ts';
import { type FunctionSettings, serviceFunctions } from './serviceFunctions.ts';

/** A function as Serverless expects it. */
interface ServiceFunction extends FunctionSettings {
  /** Seconds after which an invocation is ended. */
  readonly timeout: number;
  /** ARN of the function's own role. */
  readonly role: Value;
  /** The module and its export: `build/collect/handler.handler`. */
  readonly handler: string;
  /** The format of Lambda's own lines, and from which level on there are any. */
  readonly logs: { readonly logFormat: string; readonly systemLogLevel?: string };
  /** The files of the function's zip. */
  readonly package: { readonly patterns: readonly string[] };
}

/**
 * Functions that handle requests. They log without Lambda's three lines for each request, which would cost more than
 * the request's own lines.
 */
const OF_REQUESTS: readonly string[] = ['collect', 'relay'];

/**
 * Functions that run DuckDB; exports that write for Statsig do, too. infra/build/placeBinding.ts puts its binding into
 * their `node_modules/`.
 */
const WITH_DUCKDB: readonly string[] = ['write', 'ingest-load', 'curate'];

/**
 * The deployment in the terms of Serverless, before serverless.yml's own settings:
 * https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
 */
export interface ServiceConfiguration {
  /** Name of the service, which begins the name of the stack. */
  readonly service: string;
  /** Settings that all functions share, and those of the gateway, the bucket of deployments and logs. */
  readonly provider: {
    /** Lambda's name of the version of Node. */
    readonly runtime: string;
    /** The processor that functions run on. */
    readonly architecture: Config['architecture'];
    /** False: Lambda keeps no earlier versions of a function. */
    readonly versionFunctions: boolean;
    /** The region that is deployed to. */
    readonly region: string;
    /** The bucket of Serverless's zips. */
    readonly deploymentBucket: { readonly blockPublicAccess: boolean };
    /** Variables of every function, in addition to its own. */
    readonly environment: { readonly SLUICE_STAGE: string };
    /** Days after which lines of logs are deleted. */
    readonly logRetentionInDays: number;
    /** Absent without tags. */
    readonly stackTags?: Config['tags'];
    /** Absent without tags. */
    readonly tags?: Config['tags'];
    /** The gateway. Its CORS settings are those of a Function URL as well. */
    readonly httpApi: {
      readonly cors: {
        /** Origins whose pages may send events. */
        readonly allowedOrigins: readonly string[];
        /** Headers that these pages may send. */
        readonly allowedHeaders: readonly string[];
        /** Methods that these pages may use. */
        readonly allowedMethods: readonly string[];
        /** Seconds. */
        readonly maxAge: number;
      };
    };
  };
  /** What is packaged: each function by itself, with no file that it does not list. */
  readonly package: {
    readonly individually: boolean;
    readonly excludeDevDependencies: boolean;
    readonly patterns: readonly string[];
  };
  /** The functions that the configuration needs, by their names. */
  readonly functions: Readonly<Record<string, ServiceFunction>>;
  /** Names of functions that the configuration does not need. */
  readonly unused: readonly string[];
  /** The resources of the stack besides its functions. */
  readonly resources: StackResources;
}

/**
 * The deployment in the terms of Serverless: the functions with their triggers, the settings that all of them share,
 * and every other resource. serverless.yml has a deployment's own settings, which take precedence over these.
 *
 * @param stack The stack, whose region is the one that is deployed to.
 */
export function serviceConfiguration(stack: Stack): ServiceConfiguration {
  const { config } = stack;
  return {
    service: config.service,
    provider: {
      runtime: 'nodejs24.x',
      architecture: config.architecture,
      // Nothing uses versions, and CloudFormation would keep every one of them.
      versionFunctions: false,
      region: config.region,
      deploymentBucket: { blockPublicAccess: true },
      environment: { SLUICE_STAGE: metricStage(stack) },
      logRetentionInDays: config.logs.retentionDays,
      ...tagsOf(config),
      httpApi: {
        // The gateway answers preflights, and the function sets no CORS headers.
        cors: {
          allowedOrigins: ['*'],
          allowedHeaders: ['*'],
          // SDKs of browsers read rules by GET.
          allowedMethods: config.passThrough === null ? ['POST'] : ['GET', 'POST'],
          maxAge: PREFLIGHT_SECONDS,
        },
      },
    },
    package: {
      individually: true,
      // The bundles hold all they need, so Serverless need not look for dependencies.
      excludeDevDependencies: false,
      patterns: ['!**'],
    },
    functions: functionsOf(stack),
    unused: unusedFunctions(config),
    resources: resources(stack),
  };
}

/** The largest size of a resource that Serverless makes, bytes. Without tags it has 400. */
const MADE_BYTES = 600;

/**
 * Counts the resources that Serverless adds to a stack: a bucket and its policy, each function with its log group, the
 * mappings and routes of events, and the API of the routes.
 *
 * @returns Their number, and the most bytes that they take in the template.
 */
export function madeByServerless(stack: Stack): { readonly resources: number; readonly bytes: number } {
  const functions = Object.values(functionsOf(stack));
  const events = functions.map((settings) => settings.events);
  // Each function with a route has an integration and a permission, and all of them share one API with a stage.
  const routed = events.filter((functionEvents) => functionEvents.some((event) => 'httpApi' in event)).length;
  const count = 2 + 2 * functions.length + events.flat().length + 2 * routed + (routed > 0 ? 2 : 0);
  return { resources: count, bytes: count * MADE_BYTES };
}

/** CloudFormation puts `stackTags` on what can have tags. `tags` are in the template, so that a change of them alone is deployed. */
function tagsOf({ tags }: Pick<Config, 'tags'>): Partial<Record<'stackTags' | 'tags', Config['tags']>> {
  return Object.keys(tags).length === 0 ? {} : { stackTags: tags, tags };
}

/** The functions that the configuration needs, by their names. */
function functionsOf({ config }: Pick<Stack, 'config'>): Readonly<Record<string, ServiceFunction>> {
  const unused = unusedFunctions(config);
  const isServed = hasGateway(config.endpoint);
  const used = Object.entries(serviceFunctions(config)).filter(([name]) => !unused.includes(name));
  return Object.fromEntries(
    used.map(([name, settings]) => [
      name,
      {
        ...settings,
        timeout: settings.timeout ?? workOf(name)?.timeout ?? LONGEST,
        role: getAtt(idOf(name, 'Role')),
        handler: `build/${name}/handler.handler`,
        // In JSON, Lambda's lines have the status of a run, by which `sluice status` finds runs that failed.
        logs: { logFormat: 'JSON', ...(OF_REQUESTS.includes(name) ? { systemLogLevel: 'WARN' } : {}) },
        package: {
          patterns: [
            `build/${name}/*.mjs`,
            ...(WITH_DUCKDB.includes(name) || (name === 'export' && exportsForStatsig(config))
              ? [`build/${name}/node_modules/**`]
              : []),
          ],
        },
        // Serverless makes an HTTP API only for routes.
        events: settings.events.filter((event) => isServed || !('httpApi' in event)),
      },
    ]),
  );
}

/**
 * The number of a deployment's queues, and how many executions their functions use at once, which are then not left for
 * the collector.
 */
export function queueExecutions(config: Stack['config']): { readonly queues: number; readonly most: number } {
  const limits = Object.values(functionsOf({ config })).flatMap(({ events }) =>
    events.flatMap((event) => ('sqs' in event ? event.sqs.maximumConcurrency : [])),
  );
  return { queues: limits.length, most: sum(limits) };
}
