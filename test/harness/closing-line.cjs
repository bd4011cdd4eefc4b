// Prints `N passed, N failed` as the run's last line. A file that fails to load counts as one failure, and so does a run that
// ends before its last suite, as by a call of process.exit.
module.exports = class ClosingLine {
  onRunStart() {
    process.on('exit', () => {
      if (this.results === undefined) process.exitCode = 1;
      const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 1 } = this.results ?? {};
      process.stdout.write(
        `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed\n`,
      );
    });
  }

  onRunComplete(_contexts, results) {
    this.results = results;
  }
};
