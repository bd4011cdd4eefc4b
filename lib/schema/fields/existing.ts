import * as z from 'zod';
import { singleRegionKeyArn } from '../formats.ts';
import { noted } from './noted.ts';

/**
 * Resources that exist already and that the stack uses under their configured names instead of creating them. The stack
 * does not change them: docs/deploy.md, "Bringing your own".
 */
export const existingSchema = z
  .strictObject({
    bucket: noted(
      z.boolean('true or false').default(false),
      {
        text: '`bucket` exists. Its settings are yours: `npx sluice doctor` names those that it lacks. Needs `keyArn`.',
        example: true,
      },
      'adds',
      'On a running deployment the bucket leaves the stack and stays with its objects and settings, but without its policy, which demands TLS. Back to `false` fails, because a bucket of that name exists.',
    ),
    keyArn: noted(
      singleRegionKeyArn().nullable().default(null),
      {
        text: 'The KMS key that the bucket is encrypted with, by its ARN.',
        absent: 'the stack makes a key',
        example: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      },
      'adds',
      'Roles get permissions for the named key only, so objects that are encrypted with another key cannot be read any more. The key of the stack stays, outside the stack.',
    ),
    database: noted(
      z.boolean('true or false').default(false),
      { text: '`database` exists.', example: true },
      'adds',
      'On a running deployment the database leaves the stack and stays. Back to `false` fails, because a database of that name exists.',
    ),
    stagingDatabase: noted(
      z.boolean('true or false').default(false),
      { text: '`athena.stagingDatabase` exists.', example: true },
      'adds',
      'As with `database`.',
    ),
    workgroup: noted(
      z.boolean('true or false').default(false),
      {
        text: '`athena.workgroup` exists. Its location for results and its scan limit are yours.',
        example: true,
      },
      'adds',
      'On a running deployment the workgroup is deleted, with its history and saved queries: make it again by hand.',
    ),
  })
  .prefault({});
