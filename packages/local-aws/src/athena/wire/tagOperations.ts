import { z } from 'zod';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { resourceNotFound } from '../model/errors.ts';
import type { WorkGroup } from '../model/WorkGroups.ts';
import type { AthenaContext } from './AthenaContext.ts';
import { isDataCatalog } from './dataCatalog.ts';

const ARN = /^arn:[^:]+:athena:([^:]*):(\d*):(workgroup|datacatalog)\/(.+)$/;

/** Read the tags of a workgroup or data catalog: those that the workgroup was made with. */
export function tagOperations({ workGroups, account, region }: AthenaContext): Record<string, JsonOperation> {
  const tagsOf = (arn: string): WorkGroup['tags'] | undefined => {
    const [, arnRegion, arnAccount, kind, name = ''] = ARN.exec(arn) ?? [];
    if (arnRegion !== region || arnAccount !== account) return undefined;
    if (kind === 'datacatalog') return isDataCatalog(name) ? [] : undefined;
    return workGroups.all().find((group) => group.name === name)?.tags;
  };
  return {
    ListTagsForResource: operation({
      input: z.strictObject({
        ResourceARN: z.string().min(1).max(1_011),
        NextToken: z.string().optional(),
        MaxResults: z.int().min(75).optional(),
      }),
      run({ ResourceARN }) {
        const tags = tagsOf(ResourceARN);
        if (tags === undefined) throw resourceNotFound(`Resource ${ResourceARN} was not found`, ResourceARN);
        return { Tags: tags };
      },
    }),
  };
}
