import { parseArgs } from 'node:util';
import { type ChaosReport, runBrokerChaos } from './broker/chaos.ts';
import { isClean } from './broker/verdict.ts';

/** `npm run chaos:broker -- --seed 1 --orders 2000 --kills 200 [--keep file]`: table on stdout, exit code 1 where anything disagrees. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    orders: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '200' },
    keep: { type: 'string' },
  },
});
const number = (name: 'seed' | 'orders' | 'kills'): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) {
    process.stderr.write(`--${name} ${String(values[name])} is not a whole number from 0\n`);
    process.exit(2);
  }
  return value;
};

const report = await runBrokerChaos({
  seed: number('seed'),
  orders: number('orders'),
  kills: number('kills'),
  ...(values.keep === undefined ? {} : { keep: values.keep }),
  progress: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(table(report));
process.exit(isClean(report.verdict) ? 0 : 1);

function table({
  seed,
  verdict,
  kills,
  faults,
  repeatedCommands,
  cancels,
  seconds,
  deaths,
}: ChaosReport): string {
  const rows: readonly (readonly [string, unknown])[] = [
    ['seed', seed],
    ['intents authorized', verdict.intents],
    ['commands repeated', repeatedCommands],
    ['cancels asked for', cancels],
    ['orders at the broker', verdict.brokerOrders],
    ['held back, never transmitted', verdict.untransmitted],
    ['executions at the broker', verdict.executions],
    ['kill -9: bridge, gateway, host', `${kills.bridge}, ${kills.gateway}, ${kills.host}`],
    [
      'other faults',
      Object.entries(faults)
        .flatMap(([name, count]) => (name.startsWith('kill') ? [] : [`${name} ${count}`]))
        .join(', '),
    ],
    ['ended by themselves', deaths.length],
    ['lost', verdict.lost.length],
    ['doubled', verdict.doubled.length],
    ['misattributed', verdict.misattributed.length],
    ['faults in chains', verdict.chainFaults.length],
    ['intents without an end', verdict.open.length],
    ['layers without their stop', verdict.unprotected.length],
    ['account against ledger', verdict.differences.length === 0 ? 'equal, to the cent' : 'NOT EQUAL'],
    ['seconds', seconds.toFixed(0)],
  ];
  const faultsFound = [
    ...verdict.lost,
    ...verdict.doubled,
    ...verdict.misattributed,
    ...verdict.chainFaults,
    ...verdict.differences,
    ...verdict.open,
    ...verdict.unprotected,
    ...deaths,
  ];
  return [
    ...rows.map(([name, value]) => `${name.padEnd(32)} ${String(value)}`),
    ...faultsFound.slice(0, 40).map((line) => `  ${line}`),
    '',
  ].join('\n');
}
