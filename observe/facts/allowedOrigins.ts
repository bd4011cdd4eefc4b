import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { logicalIds } from '../../infra/template/Stack.ts';
import { parseJson, valueAt } from '../../lib/base/json.ts';
import { type AskedStack, askStack, type StackOutputs } from './flow/stackOutputs.ts';

/** The origins to whose pages the deployed gateway gives leave to post. */
export interface AllowedOrigins {
  /** The origins, such as `https://shop.example`; at least none is `*`. */
  readonly origins: readonly string[];
  /** Where SDKs post; empty if the stack does not say it. */
  readonly address: string;
}

/** Reads which origins the gateway of the deployed stack allows; null if it allows all. @throws What CloudFormation's client throws. */
export async function readAllowedOrigins(
  deployment: AskedStack,
  outputs: StackOutputs,
): Promise<AllowedOrigins | null> {
  const { TemplateBody = '' } = await askStack(deployment, (client, input) =>
    client.send(new GetTemplateCommand(input)),
  );
  const origins = allowedOriginsOf(TemplateBody);
  return origins && { origins, address: outputs.get('CollectorUrl') ?? '' };
}

/** The origins that the gateway of a template allows; null if it allows all, or has no setting. @param body The template, as JSON. */
export function allowedOriginsOf(body: string): readonly string[] | null {
  const path = ['Resources', logicalIds.httpApi, 'Properties', 'CorsConfiguration', 'AllowOrigins'];
  const found = valueAt(parseJson(body), path);
  if (!Array.isArray(found)) return null;
  const origins = found.filter((origin) => typeof origin === 'string');
  return origins.includes('*') ? null : origins;
}
