/** Exit codes of `abc`. */
export const EXIT = {
  ok: 0,
  usage: 2,
  configuration: 3,
  broker: 5,
  refusedByRisk: 6,
  auditFailed: 7,
  findings: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes of faults that a person mends in the configuration. */
const CONFIGURATION_FAULTS: readonly string[] = [
  'Configuration',
  'InvalidSettings',
  'InvalidRiskPolicy',
  'PortInUse',
  'AssemblyUnreadable',
  'UnsupportedAssembly',
  'UnknownInstrument',
  'OutsideCalendar',
  'NotADate',
  'PackagedData',
  'MarketFile',
  'IncompleteExport',
  'StateDirectory',
  'StoreUnreadable',
  'UnplayableTape',
  'InvalidSimulation',
  'UnknownRate',
  'Strategy',
  'CsvTable',
  'InvalidEquity',
  'ReportFile',
  'InvalidValidation',
  'TrialThread',
  'InvalidOptimization',
  'InfeasibleConstraints',
  'NotPositiveDefinite',
  'NoExcessReturn',
  'NotConverged',
  'InvalidSample',
  'InvalidOption',
];
const BROKER_FAULTS: readonly string[] = [
  'ControlPort',
  'TradingMode',
  'BridgeFailed',
  'BrokerStateUnreadable',
];

/** The exit code of a fault, by its stable code. */
export function exitCodeOf(error: unknown): ExitCode {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === 'string' && BROKER_FAULTS.includes(code)) return EXIT.broker;
  if (typeof code === 'string' && CONFIGURATION_FAULTS.includes(code)) return EXIT.configuration;
  return EXIT.configuration;
}

/** One paragraph for a person: what is wrong, with the value, and the mend. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { readonly code?: unknown }).code;
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message)
      ? ` (${error.cause.message})`
      : '';
  return `abc: ${error.message}${cause}${typeof code === 'string' ? ` [${code}]` : ''}`;
}
