// CI reads the counts from one plain line at the end.
class CountReporter {
  onRunComplete(_, results) {
    const failedSuites = results.testResults.filter((r) => r.testExecError).length;
    process.stderr.write(`\n${results.numPassedTests} passed, ${results.numFailedTests + failedSuites} failed, ${results.numPendingTests + results.numTodoTests} skipped\n`);
  }
}

module.exports = CountReporter;
