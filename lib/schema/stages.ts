import * as z from 'zod';

/** The stage of commands and deployments that name none. It is also Serverless's default. */
export const DEFAULT_STAGE = 'dev';

/** The stage of the local cloud. It is never deployed to AWS. */
export const LOCAL_STAGE = 'local';

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

const stageName = z
  .string('the name of a stage')
  .regex(NAME, 'the name of a stage: lower-case letters, digits and -, beginning with a letter')
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
  return (
    stage.length > PERSONAL.length &&
    stage.startsWith(PERSONAL) &&
    NAME.test(stage) &&
    stage.length <= MOST_CHARACTERS
  );
}
