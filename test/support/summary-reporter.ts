import { stdout } from 'node:process';
import type { Reporter, TestModule, TestSuite, Vitest } from 'vitest/node';
import { allLeftOut, describeLack } from './left-out.ts';

/**
 * Says at the end what was left out and how to get it, and as the very last line
 * `N passed, N failed, N skipped`. It writes while the process exits, after all other reporters.
 */
export class SummaryReporter implements Reporter {
  private passed = 0;
  private failed = 0;
  private skipped = 0;

  onInit(vitest: Vitest): void {
    if (!vitest.config.watch) process.once('exit', (code) => stdout.write(this.summary(code)));
  }

  /** A file that does not load, a hook that throws and an error outside all tests count as one failure each. */
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    this.passed = this.skipped = 0;
    this.failed = unhandled.length;
    for (const module of modules) {
      this.failed += brokenSuites(module);
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.passed += 1;
        else if (state === 'skipped') this.skipped += 1;
        else this.failed += 1;
      }
    }
  }

  /** A run that fails without a failed test (it was interrupted, its set-up failed) is one failure too. */
  private summary(exitCode: number): string {
    const failed = this.failed === 0 && exitCode !== 0 ? 1 : this.failed;
    const lacks = this.skipped > 0 ? allLeftOut().map(describeLack) : [];
    const leftOut = lacks.length > 0 ? `Left out:\n${lacks.map((lack) => `  ${lack}\n`).join('')}\n` : '';
    return `\n${leftOut}${this.passed} passed, ${failed} failed, ${this.skipped} skipped\n`;
  }
}

function brokenSuites(module: TestModule): number {
  const suites: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}
