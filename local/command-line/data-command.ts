import { malformedText } from '#adapters/market-data/market-file.ts';
import { largestMove } from '#core/market/bar-rules.ts';
import { qualityLines } from '#core/market/quality-text.ts';
import { instantText } from '#core/values/clock.ts';
import { type CheckedFile, checkFile } from '#local/data-check/check-file.ts';
import { type CheckInput, parseCheckParameters } from '#local/data-check/check-parameters.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface DataCheckOptions extends CheckInput {
  readonly json?: boolean;
}

/** Of each kind of finding, this many are shown to people; the rest is counted. JSON has all. */
const SHOWN = 20;
/** Less than the share of Sundays among six days, more than a stray bar or two. */
const WEEKEND_SHARE = 0.15;
const PROGRESS_ROWS = 1_000_000;

/**
 * Checks a file of bars, quotes or trades: what is in it, what can't be read, what can't be believed, what is missing.
 * Reads only, so an interrupt ends it at once and leaves nothing behind.
 */
export async function dataCheckCommand(file: string, options: DataCheckOptions): Promise<ExitCode> {
  const parameters = parseCheckParameters(file, options);
  let told = 0;
  const checked = await checkFile(file, parameters, (rows) => {
    if (rows - told < PROGRESS_ROWS) return;
    told = rows;
    process.stderr.write(`${rows.toLocaleString('en-US')} rows accepted so far …\n`);
  });
  const findings = findingsOf(checked);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(documentOf(checked, findings), plainValue, 2)}\n`
      : `${linesOf(file, checked, findings, parameters.assumed).join('\n')}\n`,
  );
  return findings.length === 0 ? EXIT.ok : EXIT.findings;
}

const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;

/** What keeps a file from being clean, in a few words each. Thin sessions are told, but not held against it. */
function findingsOf(checked: CheckedFile): readonly string[] {
  const { report } = checked;
  return [
    ...(report.accepted === 0 ? ['nothing accepted'] : []),
    ...(report.malformed.length > 0 ? [many(report.malformed.length, 'malformed line')] : []),
    ...(report.quarantined.length > 0 ? [`${report.quarantined.length} quarantined`] : []),
    ...('levelShifts' in report && report.levelShifts.length > 0
      ? [many(report.levelShifts.length, 'level shift')]
      : []),
    ...('gaps' in report && report.gaps.length > 0
      ? [
          many(
            report.gaps.reduce((sum, gap) => sum + gap.sessions, 0),
            'missing session',
          ),
        ]
      : []),
  ];
}

function contentsText({ contents }: CheckedFile): string {
  switch (contents.kind) {
    case 'bars':
      return contents.interval.unit === 'session' ? 'session bars' : `${contents.interval.count}-minute bars`;
    case 'quotes':
    case 'trades':
      return contents.kind;
  }
}

function judgedText({ instrument, actions, contents }: CheckedFile): string {
  const limit = contents.kind === 'quotes' ? null : largestMove(instrument);
  return [
    `${instrument.id} as ${instrument.assetClass}, sessions of ${instrument.sessionTemplate}`,
    limit === null ? 'moves not judged' : `moves above ${limit * 100} % not believed`,
    actions.length === 0 ? 'no corporate actions' : many(actions.length, 'corporate action'),
  ].join('; ');
}

function reasonsOf({ report }: CheckedFile): Readonly<Record<string, number>> {
  const reasons: Record<string, number> = {};
  for (const { reason } of report.quarantined) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return reasons;
}

function shown(title: string, findings: readonly string[]): readonly string[] {
  if (findings.length === 0) return [];
  const more = findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more`] : [];
  return [title, ...findings.slice(0, SHOWN).map((finding) => `  ${finding}`), ...more];
}

/** The inspector's findings as lines. */
function reportLines(checked: CheckedFile): readonly string[] {
  switch (checked.contents.kind) {
    case 'bars':
      return 'gaps' in checked.report ? qualityLines(checked.report, SHOWN) : [];
    case 'quotes':
    case 'trades': {
      const { report } = checked;
      const states = 'states' in report ? Object.entries(report.states) : [];
      const outside = 'outsideSessions' in report ? `, ${report.outsideSessions} outside the sessions` : '';
      const reasons = Object.entries(reasonsOf(checked)).map(([reason, count]) => `${count} ${reason}`);
      return [
        `${report.instrument}: ${report.observed} ${checked.contents.kind} read, ${report.accepted} accepted${outside}, ${report.quarantined.length} quarantined`,
        ...(states.length === 0
          ? []
          : [`quotes: ${states.map(([state, count]) => `${count} ${state}`).join(', ')}`]),
        ...shown(
          `quarantined: ${reasons.join(', ')}`,
          report.quarantined.map((finding) => {
            const source = 'tick' in finding ? finding.tick.source : finding.bar.source;
            return `row ${source}: ${finding.reason}: ${finding.detail}`;
          }),
        ),
      ];
    }
  }
}

/** Where it was only assumed what the instrument is, and the data speak against it: what to say instead. */
function hintsOf(checked: CheckedFile, assumed: boolean): readonly string[] {
  const withoutSession = reasonsOf(checked)['no-session'] ?? 0;
  return assumed && withoutSession > checked.report.observed * WEEKEND_SHARE
    ? [
        `hint      ${withoutSession} rows lie outside the sessions of equities: is it --asset-class forex or crypto?`,
      ]
    : [];
}

function linesOf(
  file: string,
  checked: CheckedFile,
  findings: readonly string[],
  assumed: boolean,
): readonly string[] {
  const { report, range } = checked;
  return [
    `file      ${file}`,
    `sha256    ${report.sha256}`,
    `contents  ${contentsText(checked)}${range === null ? '' : `, ${instantText(range.from)} to ${instantText(range.to)}`}`,
    `judged    ${judgedText(checked)}`,
    ...hintsOf(checked, assumed),
    '',
    ...shown(
      many(report.malformed.length, 'malformed line'),
      report.malformed.map((line) => malformedText(line)),
    ),
    ...reportLines(checked),
    '',
    findings.length === 0 ? 'CLEAN' : `FINDINGS: ${findings.join(', ')}`,
  ];
}

function documentOf(checked: CheckedFile, findings: readonly string[]) {
  const { instrument, contents, range, actions, report } = checked;
  return {
    clean: findings.length === 0,
    findings,
    contents,
    instrument,
    largestMove: contents.kind === 'quotes' ? null : largestMove(instrument),
    corporateActions: actions,
    range: range === null ? null : { from: instantText(range.from), to: instantText(range.to) },
    quarantinedByReason: reasonsOf(checked),
    report,
  };
}

/** Numbers that JSON lacks, as text: they may be the very finding. */
function plainValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
