import * as z from 'zod';

/**
 * A symmetric key of one region by its ID. Neither an alias, which policies can't name, nor a key of many regions
 * (`mrk-…`), which Statsig's guide rules out. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
 */
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What is there already and only used, under the name that the configuration has for it, instead of made. The stack
 * changes nothing of it: docs/deploy.md, "Bringing your own".
 */
export const existingSchema = z
  .strictObject({
    /** `bucket` is there. Default false. */
    bucket: z.boolean('true or false').default(false),
    /** The KMS key that the bucket is encrypted with, by its ARN. Default null: the stack makes one. */
    keyArn: z
      .string('the ARN of a KMS key')
      .regex(
        KEY_ARN,
        'the ARN of a KMS key of one region, arn:aws:kms:<region>:<account>:key/<ID>, no alias and no mrk- key',
      )
      .nullable()
      .default(null),
    /** `database` is there. Default false. */
    database: z.boolean('true or false').default(false),
    /** `athena.stagingDatabase` is there. Default false. */
    stagingDatabase: z.boolean('true or false').default(false),
    /** `athena.workgroup` is there. Default false. */
    workgroup: z.boolean('true or false').default(false),
  })
  .prefault({});
