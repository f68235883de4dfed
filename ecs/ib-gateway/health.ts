import { readFileSync } from 'node:fs';
import { healthProblem } from './health-report.ts';

// The container's health check: exit code 0 while the bridge's own report is good, 1 otherwise.
const path = process.env['HEALTH_FILE'] ?? '';
let text: string | null = null;
try {
  text = readFileSync(path, 'utf8');
} catch {
  // A report that cannot be read is the finding, not a fault of the check.
}
const problem = healthProblem(text, Date.now());
if (problem !== null) {
  process.stderr.write(`unhealthy: ${problem}\n`);
  process.exitCode = 1;
}
