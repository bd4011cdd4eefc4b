import { z } from 'zod';
import { epochSeconds, type JsonOperation, operation } from '../../protocol/jsonService.ts';
import { invalidRequest } from '../model/errors.ts';
import { descriptionSchema, type WorkGroup, workGroupNameSchema } from '../model/WorkGroups.ts';
import {
  configurationUpdatesSchema,
  ENGINE_VERSION,
  updateConfiguration,
} from '../model/workGroupConfiguration.ts';
import { type AthenaContext, pageMembers, paginate } from './AthenaContext.ts';

/** The input of an operation on one workgroup. */
const byName = z.strictObject({ WorkGroup: workGroupNameSchema });

/** Operations that read and update the workgroups of the template and `primary`. */
export function workGroupOperations(context: AthenaContext): Record<string, JsonOperation> {
  const { workGroups } = context;
  return {
    GetWorkGroup: operation({
      input: byName,
      run: ({ WorkGroup: name }) => ({ WorkGroup: workGroupDocument(workGroups.find(name)) }),
    }),
    ListWorkGroups: operation({
      input: z.strictObject(pageMembers),
      run(paging) {
        const { items, next } = paginate(workGroups.all(), ({ name }) => name, paging);
        return { WorkGroups: items.map(workGroupSummary), NextToken: next };
      },
    }),
    UpdateWorkGroup: operation({
      input: z.strictObject({
        WorkGroup: workGroupNameSchema,
        Description: descriptionSchema.optional(),
        ConfigurationUpdates: configurationUpdatesSchema.optional(),
        State: z.enum(['ENABLED', 'DISABLED']).optional(),
      }),
      run({ WorkGroup: name, Description, ConfigurationUpdates = {}, State }) {
        const before = workGroups.find(name);
        workGroups.update({
          ...before,
          ...(Description === undefined ? {} : { description: Description }),
          ...(State === undefined ? {} : { state: State }),
          configuration: updateConfiguration(before.configuration, ConfigurationUpdates),
        });
      },
    }),
  };
}

/**
 * Deletes a workgroup with its prepared statements and its history.
 *
 * @throws AwsError InvalidRequestException when it has any and the deletion is not recursive.
 */
export function deleteWorkGroup(
  { workGroups, executions, prepared }: Pick<AthenaContext, 'workGroups' | 'executions' | 'prepared'>,
  name: string,
  { recursive }: { readonly recursive: boolean },
): void {
  const statements = prepared.list(name);
  const isEmpty = statements.length + executions.list(name).length === 0;
  if (!recursive && !isEmpty) {
    throw invalidRequest(`WorkGroup ${name} is not empty`);
  }
  workGroups.requireRemovable(name);
  // The group last: if the disk is full, the call can be made again.
  executions.removeAll(name);
  for (const statement of statements) prepared.remove(name, statement.name);
  workGroups.remove(name);
}

/** A workgroup in Athena's responses: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
function workGroupDocument(group: WorkGroup) {
  const { name, state, description, createdAt, configuration } = group;
  return {
    Name: name,
    State: state,
    Configuration: {
      ResultConfiguration: {},
      ...configuration,
      EngineVersion: engineVersion(group),
    },
    Description: description,
    CreationTime: epochSeconds(createdAt),
  };
}

/** A workgroup as `ListWorkGroups` answers it. */
function workGroupSummary(group: WorkGroup) {
  const { name, state, description, createdAt } = group;
  return {
    Name: name,
    State: state,
    Description: description ?? '',
    CreationTime: epochSeconds(createdAt),
    EngineVersion: engineVersion(group),
  };
}

/** The version that a workgroup has selected, and the only one that there is. */
function engineVersion({ configuration }: WorkGroup) {
  return {
    SelectedEngineVersion: configuration.EngineVersion?.SelectedEngineVersion ?? 'AUTO',
    EffectiveEngineVersion: ENGINE_VERSION,
  };
}
