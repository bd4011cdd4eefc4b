// The longest first, so that both workers end together: a story takes a minute and is a short file, by which jest would
// begin it among the last.
const { default: Sequencer } = require('@jest/test-sequencer');

const TIERS = ['proof', 'story', 'contract', 'unit'];
const tierOf = ({ context }) => TIERS.indexOf(context.config.displayName.name);

module.exports = class extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => tierOf(a) - tierOf(b));
  }
};
