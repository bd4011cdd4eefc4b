import { LocalTemplateError } from './LocalTemplateError.ts';
import { dependenciesOf } from './references.ts';
import type { Template } from './Template.ts';

/**
 * Logical IDs in an order in which each comes after all it depends on.
 *
 * @throws LocalTemplateError `SLUICE_TEMPLATE_CYCLE` naming the circle; `SLUICE_TEMPLATE_REFERENCE_UNKNOWN`
 * for a `DependsOn` that names nothing.
 */
export function orderResources(template: Template): string[] {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];

  const visit = (logicalId: string): void => {
    if (state.get(logicalId) === 'done') return;
    if (state.get(logicalId) === 'open') {
      const circle = [...path.slice(path.indexOf(logicalId)), logicalId];
      throw new LocalTemplateError('SLUICE_TEMPLATE_CYCLE', `${circle.join(' → ')}.`);
    }
    state.set(logicalId, 'open');
    path.push(logicalId);
    for (const dependency of dependenciesOf(template, logicalId)) visit(dependency);
    path.pop();
    state.set(logicalId, 'done');
    order.push(logicalId);
  };

  for (const [logicalId, { DependsOn }] of Object.entries(template.Resources)) {
    const unknown = DependsOn.find((id) => !(id in template.Resources));
    if (unknown !== undefined) {
      throw new LocalTemplateError(
        'SLUICE_TEMPLATE_REFERENCE_UNKNOWN',
        `${logicalId}.DependsOn: ${unknown}.`,
      );
    }
    visit(logicalId);
  }
  return order;
}
