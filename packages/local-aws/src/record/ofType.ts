import type { ResolvedResource, ResolvedTemplate } from '../template/resolveTemplate.ts';

/** The resources of a type. */
export function ofType(resolved: ResolvedTemplate, type: string): ResolvedResource[] {
  return resolved.resources.filter((resource) => resource.type === type);
}
