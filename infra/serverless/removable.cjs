// Of `sluice trial`, after plugin.cjs: nothing of its stack stays when the stack goes.
module.exports = class RemovablePlugin {
  constructor({ service }) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        for (const resource of Object.values(service.provider.compiledCloudFormationTemplate.Resources))
          Object.assign(resource, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
      },
    };
  }
};
