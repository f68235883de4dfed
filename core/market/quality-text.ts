import type { ObservedBar, QuarantineReason } from './bar-rules.ts';
import type { QualityReport } from './quality.ts';

function timeText(time: ObservedBar['time']): string {
  if (typeof time === 'string') return time;
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}

function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/**
 * A quality report as lines for people: the counts, then what was found, at most `most` lines of each kind with the rest
 * counted. Nothing in it but the counts where all is well.
 */
export function qualityLines(report: QualityReport, most = 20): readonly string[] {
  const { instrument, observed, accepted, quarantined, gaps, incompleteSessions, levelShifts } = report;
  const lines = [
    `${instrument}: ${many(observed, 'bar')} read, ${accepted} accepted, ${quarantined.length} quarantined`,
  ];
  const reasons = new Map<QuarantineReason, number>();
  for (const { reason } of quarantined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const section = (title: string, findings: readonly string[]) => {
    if (findings.length === 0) return;
    lines.push(title, ...findings.slice(0, most).map((finding) => `  ${finding}`));
    if (findings.length > most) lines.push(`  … and ${findings.length - most} more`);
  };
  section(
    `quarantined: ${[...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')}`,
    quarantined.map(
      ({ bar, reason, detail }) => `row ${bar.source} (${timeText(bar.time)}): ${reason}: ${detail}`,
    ),
  );
  section(
    'level shifts (a split that the corporate actions lack, or that the prices are adjusted for already?)',
    levelShifts.map(
      ({ source, time, ratio, bars }) =>
        `from row ${source} (${timeText(time)}): ${many(bars, 'bar')} at ${ratio.toPrecision(4)} of the level before`,
    ),
  );
  section(
    'sessions without a bar',
    gaps.map(({ from, to, sessions }) => (sessions === 1 ? from : `${from} to ${to}: ${sessions} sessions`)),
  );
  section(
    'sessions with fewer bars than their length allows',
    incompleteSessions.map(({ date, expected, found }) => `${date}: ${found} of ${expected}`),
  );
  return lines;
}
