import { z } from 'zod';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { ofType } from './ofType.ts';

// Only the members that say who calls whom; the services that build the resources check all of them.
const deadLetters = z.object({ Arn: z.string() }).optional();
const ruleSchema = z.object({
  Targets: z.array(z.object({ Arn: z.string(), DeadLetterConfig: deadLetters })).default([]),
});
const scheduleSchema = z.object({
  Target: z.object({ Arn: z.string(), RoleArn: z.string(), DeadLetterConfig: deadLetters }),
});

/** Where rules send, dead letters included. */
export function ruleTargets(resolved: ResolvedTemplate) {
  return ofType(resolved, 'AWS::Events::Rule').flatMap(({ arn: ruleArn = '', properties }) =>
    ruleSchema
      .parse(properties)
      .Targets.flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn ?? []].flat())
      .map((targetArn) => ({ ruleArn, targetArn })),
  );
}

/** Where schedules send, dead letters included, and by which role. */
export function scheduleTargets(resolved: ResolvedTemplate) {
  return ofType(resolved, 'AWS::Scheduler::Schedule').flatMap(({ properties }) => {
    const { Arn, RoleArn: role, DeadLetterConfig } = scheduleSchema.parse(properties).Target;
    return [Arn, DeadLetterConfig?.Arn ?? []].flat().map((targetArn) => ({ role, targetArn }));
  });
}
