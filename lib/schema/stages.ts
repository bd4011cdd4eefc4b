import * as z from 'zod';
import { type ConfigProblem, unexpected } from './ConfigProblem.ts';

/** The stage of commands and deployments that name none. It is also Serverless's default. */
export const DEFAULT_STAGE = 'dev';

/** The stage of the local cloud. It is never deployed to AWS. */
export const LOCAL_STAGE = 'local';

/** The service whose stack a deployment is unless its configuration names another. */
export const DEFAULT_SERVICE = 'sluice';

/** The beginning of the name of a single developer's stage. */
const PERSONAL = 'personal-';

/**
 * The most characters of a stage's name. It is a part of names of 64 at most, such as `sluice-<stage>-ingest-trigger`.
 */
const MOST_CHARACTERS = 32;

/**
 * A name that can be part of a stack, a bucket, a function and a queue.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html and
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
const NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
/** What {@link NAME} expects, for people. */
const NAME_FORM = 'lower-case letters, digits and -, beginning with a letter and not ending with -';

/** The most characters of a stack's name, `<service>-<stage>`: that of the longest stage of `sluice`. */
const STACK_CHARACTERS = `${DEFAULT_SERVICE}-`.length + MOST_CHARACTERS;

/** What is wrong with the name of a stack; null if nothing is. */
export function stackNameProblem(service: string, stage: string): ConfigProblem | null {
  const { length } = `${service}-${stage}`;
  return length <= STACK_CHARACTERS
    ? null
    : unexpected(
        'service',
        service,
        `at most ${STACK_CHARACTERS} characters with "-${stage}", not ${length}: names of the stack begin with both`,
      );
}

/**
 * The value of the dimension `stage` of metrics: the stage, or `<service>/<stage>` of another service than the default.
 * Stacks of two services may have one stage in one account, and no name has a slash.
 */
export function metricStage({
  service,
  stage,
}: {
  readonly service: string;
  readonly stage: string;
}): string {
  return service === DEFAULT_SERVICE ? stage : `${service}/${stage}`;
}

/**
 * The most characters of a service. Patterns for names of roles have the first 20 of a stack's, so 3 are left for the
 * stage.
 */
const SERVICE_CHARACTERS = 16;

/** The beginning of all names of a stack: `service` of serverless.yml. */
export function serviceName(): z.ZodString {
  return z
    .string('a name')
    .regex(NAME, NAME_FORM)
    .min(2, '2 characters or more, as Serverless wants')
    .max(SERVICE_CHARACTERS, `at most ${SERVICE_CHARACTERS} characters`);
}

/** The name of a stage. */
const stageName = z
  .string('the name of a stage')
  .regex(NAME, `the name of a stage: ${NAME_FORM}`)
  .max(MOST_CHARACTERS, `the name of a stage of at most ${MOST_CHARACTERS} characters`)
  .refine(
    (name) => name !== LOCAL_STAGE,
    `another stage: ${LOCAL_STAGE} is the local cloud's and is not listed`,
  )
  .refine(
    (name) => !name.startsWith(PERSONAL),
    `another stage: every ${PERSONAL}<name> is a stage already and is not listed`,
  );

/** The stages that a configuration is deployed to, besides single developers' stages, `personal-<name>`. */
export const stagesSchema = z
  .array(stageName, "a list of stages, e.g. ['dev', 'prod']")
  .min(1, 'at least one stage')
  .refine((stages) => new Set(stages).size === stages.length, 'no stage twice');

/** Whether a stage belongs to one developer: `personal-<name>`. */
export function isPersonalStage(stage: string): boolean {
  return stage.startsWith(PERSONAL) && NAME.test(stage) && stage.length <= MOST_CHARACTERS;
}
