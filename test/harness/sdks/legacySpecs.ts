import { z } from 'zod';
import type { JsonObject } from '../../../lib/base/json.ts';

const specSchema = z.looseObject({ rules: z.array(z.looseObject({ conditions: z.array(z.string()) })) });
const specsSchema = z.looseObject({
  feature_gates: z.record(z.string(), specSchema),
  dynamic_configs: z.record(z.string(), specSchema),
  layer_configs: z.record(z.string(), specSchema),
  condition_map: z.record(z.string(), z.unknown()),
  experiment_to_layer: z.record(z.string(), z.string()),
});

type Spec = z.output<typeof specSchema>;

/**
 * Rules in the format of the legacy server SDKs: lists instead of maps, and each condition inside its rule.
 * https://github.com/statsig-io/statsig-node, `SpecStore.ts` and `ConfigSpec.ts`.
 *
 * @param specs Rules as `/v2/download_config_specs` returns them to Server Core.
 */
export function legacySpecs(specs: unknown): JsonObject {
  const { feature_gates, dynamic_configs, layer_configs, condition_map, experiment_to_layer, ...rest } =
    specsSchema.parse(specs);
  const listed = (specsByName: Readonly<Record<string, Spec>>) =>
    Object.entries(specsByName).map(([name, spec]) => ({
      ...spec,
      name,
      rules: spec.rules.map((rule) => ({
        ...rule,
        conditions: rule.conditions.map((condition) => condition_map[condition]),
      })),
    }));
  const layers: Record<string, string[]> = {};
  for (const [experiment, layer] of Object.entries(experiment_to_layer)) {
    layers[layer] = [...(layers[layer] ?? []), experiment];
  }
  return {
    ...rest,
    feature_gates: listed(feature_gates),
    dynamic_configs: listed(dynamic_configs),
    layer_configs: listed(layer_configs),
    layers,
  };
}
